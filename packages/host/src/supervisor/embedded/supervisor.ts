/**
 * The embedded supervisor: keeps every wanted agent up, paced and bounded, by the lifecycle table. Deaths come as
 * events; sessions outlive it, and the next one adopts them.
 */

import { randomBytes } from 'node:crypto'
import type { AgentDefinition, FleetDefinition } from '@mosaic/domain/agent'
import { type ErrorCode, FleetError } from '@mosaic/domain/error'
import type { AgentOutcome } from '@mosaic/domain/fleet-control'
import { exceedsIntensity, type LifeEvent, nextLife, type RestartPolicy, restartDelayMs } from '@mosaic/domain/lifecycle'
import type { Clock } from '@mosaic/domain/ports/clock'
import type { RuntimeAdapter } from '@mosaic/domain/ports/runtime'
import type { PaneState, SessionHost } from '@mosaic/domain/ports/session-host'
import type { FleetAudit } from '../../audit/fleet-audit.ts'
import type { MosaicPaths } from '../../paths.ts'
import { isRunning } from '../../processes.ts'
import { AgentLife, failureOf } from './agent-life.ts'
import { DeathSight } from './death-sight.ts'
import { discard } from './discard.ts'
import { prepareLaunch, removeRunFiles } from './incarnation.ts'
import { inheritedLives } from './inheritance.ts'
import { markOf, ownPane } from './mark.ts'
import { readRecord } from './record.ts'
import { RecordKeeper } from './record-keeper.ts'
import { Slots } from './slots.ts'
import type { SupervisorEvent } from './supervisor-event.ts'
import { askToEnd, familyOf, type ProcessName } from './sweep.ts'

/** How long a runtime may take to end by itself before it is killed, milliseconds. */
const QUIT_GRACE_MS = 3_000
/** How many sessions are made or ended at once: more only wait for the one tmux server, and then for longer than it may take. */
const SESSIONS_AT_ONCE = 8

/** Launch failures that the passing of time does not mend. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set(['missing', 'invalid', 'refused'])

export interface SupervisorParts {
  paths: MosaicPaths
  host: SessionHost
  clock: Clock
  policy: RestartPolicy
  /** @throws FleetError `missing` when this version does not know the runtime */
  adapterOf(agent: AgentDefinition): RuntimeAdapter
  launcherEnv: Readonly<Record<string, string | undefined>>
  audit: FleetAudit
  /** Where agents call, and the token by which a launch is known there. */
  endpoint: { url: string; tokenOf(name: string, launchId: string): string }
  log(text: string): void
}

export class EmbeddedSupervisor implements Disposable {
  readonly #parts: SupervisorParts
  readonly #lives = new Map<string, AgentLife>()
  readonly #listeners = new Set<(event: SupervisorEvent) => void>()
  readonly #slots = new Slots(SESSIONS_AT_ONCE)
  readonly #records: RecordKeeper
  readonly #deaths: DeathSight
  #fleet: FleetDefinition
  #closed = false

  constructor(parts: SupervisorParts, fleet: FleetDefinition) {
    this.#parts = parts
    this.#fleet = fleet
    this.#records = new RecordKeeper(parts.paths, parts.log)
    this.#deaths = new DeathSight({
      ...parts,
      lives: () => this.#lives.values(),
      died: (life, exit, lastScreen, serverGone) => this.#died(life, exit, lastScreen, serverGone),
    })
  }

  onEvent(listener: (event: SupervisorEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Takes over what an earlier supervisor left: living sessions are adopted, missing ones that are wanted come back. */
  async adopt(): Promise<void> {
    const { host, paths } = this.#parts
    const panes = await host.list()
    const names = this.#fleet.agents.map((agent) => agent.name)
    for (const life of inheritedLives({ record: readRecord(paths), names, panes, home: paths.home })) this.#lives.set(life.name, life)
    for (const life of this.#lives.values()) {
      const pane = ownPane(this.#parts.paths.home, life, panes)
      // What the roster does not name any more is not brought back, only ended.
      if (pane?.alive !== true && !this.#isDefined(life)) life.wanted = false
      if (pane?.alive === true) this.#launched(life, pane, true)
      // The one before may have been killed in the middle of stopping it.
      else if (!life.wanted && life.launchId !== null) this.#enqueue(life, () => this.#tidy(life))
      else if (life.wanted && life.launchId !== null && !life.failed) life.state = 'up'
      else if (life.wanted && !life.failed) this.#dispatch(life, 'want_up')
    }
    // Those that died while no supervisor was there to see it.
    await this.#deaths.look()
    this.#deaths.arm()
  }

  /** The definition in force from now on. Running agents are not touched; `fleet ps` shows the difference. */
  define(fleet: FleetDefinition): void {
    this.#fleet = fleet
    for (const agent of fleet.agents) this.#life(agent.name)
  }

  life(name: string): AgentLife | undefined {
    return this.#lives.get(name)
  }

  lives(): Iterable<AgentLife> {
    return this.#lives.values()
  }

  /** Makes it run; resolves once its session exists or could not be made. */
  start(name: string): Promise<AgentOutcome> {
    return this.#life(name).inTurn(() => this.#start(name))
  }

  /** Ends exactly this agent's session and everything its runtime left behind. */
  stop(name: string): Promise<AgentOutcome> {
    return this.#life(name).inTurn(() => this.#stop(name))
  }

  restart(name: string, options: { fresh?: boolean } = {}): Promise<AgentOutcome> {
    return this.#life(name).inTurn(async () => {
      this.#definition(name)
      await this.#stop(name)
      if (options.fresh === true) this.#life(name).resumes = false
      const outcome = await this.#start(name)
      return outcome.did === 'started' ? { name, did: 'restarted', detail: null } : outcome
    })
  }

  async #start(name: string): Promise<AgentOutcome> {
    const agent = this.#definition(name)
    const life = this.#life(name)
    if (!agent.local) return { name, did: 'failed', detail: `it belongs to host ${agent.address.host}` }
    if (life.wanted && (life.state === 'up' || life.state === 'starting')) {
      await life.settled()
      return life.state === 'up' ? { name, did: 'unchanged', detail: 'it runs already' } : failureOf(life)
    }
    this.#parts.audit.record({ verb: 'start', agent: name })
    life.wanted = true
    life.forgetDeaths()
    this.#save()
    this.#dispatch(life, 'want_up')
    await life.settled()
    return life.isUp() ? { name, did: 'started', detail: null } : failureOf(life)
  }

  async #stop(name: string): Promise<AgentOutcome> {
    const life = this.#life(name)
    // A launch id is kept until nothing of that launch is left.
    if (!life.wanted && life.state === 'down' && life.launchId === null) return { name, did: 'unchanged', detail: 'it is stopped already' }
    this.#parts.audit.recordIfPossible({ verb: 'stop', agent: name, ref: life.launchId })
    life.wanted = false
    this.#save()
    this.#dispatch(life, 'want_down')
    let failure: unknown
    life.enqueue(() =>
      this.#tidy(life).catch((error: unknown) => {
        failure = error
      }),
    )
    await life.settled()
    if (failure !== undefined) throw failure
    return { name, did: 'stopped', detail: null }
  }

  /** Something may have changed on the session host: compare now. */
  reconcile(): Promise<void> {
    return this.#deaths.look()
  }

  /** Stops watching. Sessions live on. */
  [Symbol.dispose](): void {
    this.#closed = true
    this.#deaths[Symbol.dispose]()
    for (const life of this.#lives.values()) life.release()
  }

  #dispatch(life: AgentLife, event: LifeEvent, detail: string | null = null): void {
    const from = life.state
    const step = nextLife(from, event)
    life.state = step.to
    if (from !== step.to) this.#emit({ kind: 'life', name: life.name, from, to: step.to, detail })
    if (step.do === 'launch') this.#enqueue(life, () => this.#slots.use(() => this.#launch(life)))
    else if (step.do === 'kill') this.#enqueue(life, () => this.#kill(life))
    else if (step.do === 'arm_retry') this.#armRetry(life)
    else if (step.do === 'report_failed') {
      life.failed = true
      this.#emit({ kind: 'failed', name: life.name, exit: life.lastExit ?? 'unknown' })
    }
    this.#save()
  }

  #enqueue(life: AgentLife, act: () => Promise<void>): void {
    life.enqueue(() => act().catch((error: unknown) => this.#parts.log(`${life.name}: ${(error as Error).message}`)))
  }

  async #launch(life: AgentLife): Promise<void> {
    if (life.state !== 'starting') return
    try {
      const agent = this.#definition(life.name)
      const { host, paths, launcherEnv, endpoint } = this.#parts
      if (life.launchId !== null) await this.#makeRoom(life)
      const launchId = randomBytes(9).toString('base64url')
      const adapter = this.#parts.adapterOf(agent)
      const request = {
        fleet: this.#fleet,
        agent,
        adapter,
        paths,
        launchId,
        mark: markOf(paths.home, launchId),
        resume: life.resumes,
        launcherEnv,
        endpoint: { url: endpoint.url, token: endpoint.tokenOf(agent.name, launchId) },
      }
      const { spec, launchedAs } = await prepareLaunch(request)
      // On disk before the session exists: whoever finds the session must be able to know it as ours.
      life.beginIncarnation(launchId, launchedAs)
      this.#save()
      life.watchDeath(paths.aliveOf(life.name), () => void this.#deaths.suspect(life))
      this.#emit({ kind: 'launching', name: life.name })
      const pane = await host.create(spec).catch(async (error: unknown) => {
        if (!(error instanceof FleetError && error.code === 'refused')) throw error
        // One of that name is there: ours, of an incarnation that nobody remembers, or somebody else's.
        await this.#makeRoom(life)
        return host.create(spec)
      })
      life.resumes = true
      this.#launched(life, pane, false)
    } catch (error) {
      const words = error instanceof FleetError ? error.message : `it could not be launched: ${(error as Error).message}`
      life.failure = error instanceof FleetError ? error : undefined
      this.#parts.log(`${life.name}: ${words}`)
      // What no retry can mend is not retried; what the machine lacks for now is not the runtime's fault.
      this.#lost(life, 'launch_failed', words, {
        counts: false,
        hopeless: !this.#isDefined(life) || (error instanceof FleetError && HOPELESS.has(error.code)),
      })
    }
  }

  #launched(life: AgentLife, pane: PaneState, adopted: boolean): void {
    life.adoptPane(pane, this.#parts.clock.monotonicMs())
    life.failed = false
    life.failure = undefined
    if (adopted) life.watchDeath(this.#parts.paths.aliveOf(life.name), () => void this.#deaths.suspect(life))
    if (adopted && life.state === 'down' && life.wanted) life.state = 'starting'
    this.#dispatch(life, 'launched')
    if (life.launchId !== null) this.#emit({ kind: 'launched', name: life.name, launchId: life.launchId, pid: pane.pid, adopted })
    if (!pane.alive || !isRunning(pane.pid)) void this.reconcile()
  }

  #died(life: AgentLife, exit: string, lastScreen: string, serverGone: boolean): void {
    this.#emit({ kind: 'died', name: life.name, exit, lastScreen })
    if (this.#isDefined(life)) {
      this.#lost(life, 'died', exit, { counts: !serverGone, hopeless: false })
      return
    }
    life.wanted = false
    this.#dispatch(life, 'want_down', exit)
  }

  /** One life less: paced by the backoff, bounded by the restart intensity. */
  #lost(life: AgentLife, event: 'died' | 'launch_failed', exit: string, options: { counts: boolean; hopeless: boolean }): void {
    const { clock, policy } = this.#parts
    const nowMs = clock.wallMs()
    const livedMs = event === 'died' ? clock.monotonicMs() - life.upSinceMs : 0
    life.noteDeath(exit, nowMs, policy, { livedMs, counts: options.counts })
    const giveUp = options.hopeless || exceedsIntensity(policy, life.deathsMs, nowMs)
    this.#dispatch(life, giveUp ? 'give_up' : event, exit)
  }

  #armRetry(life: AgentLife): void {
    const delayMs = restartDelayMs(this.#parts.policy, Math.max(1, life.consecutive))
    life.setRetry(
      this.#parts.clock.after(delayMs, () => {
        if (!this.#closed && life.wanted) this.#dispatch(life, 'retry_due')
      }),
    )
  }

  /** Asks the runtime to end, then ends its session, then whatever it left. */
  async #kill(life: AgentLife): Promise<void> {
    const family = life.process === undefined ? [] : familyOf(life.process)
    if (life.process !== undefined) await askToEnd(life.process, QUIT_GRACE_MS)
    const clean = await this.#slots
      .use(() => this.#discard(life, family))
      .then(() => true)
      .catch((error: unknown) => this.#parts.log(`${life.name}: ${(error as Error).message}`))
    life.endIncarnation('stopped')
    this.#dispatch(life, 'died')
    if (life.wanted) this.#dispatch(life, 'want_up')
    else if (clean === true) this.#forgetLaunch(life)
  }

  /** What an ending could not remove, now or by an earlier supervisor; an agent that was started again is not touched. */
  async #tidy(life: AgentLife): Promise<void> {
    const isLeft = () => !life.wanted && life.state === 'down' && life.launchId !== null
    if (!isLeft()) return
    await this.#slots.use(() => this.#discard(life))
    if (isLeft()) this.#forgetLaunch(life)
  }

  /** Nothing is left of it. */
  #forgetLaunch(life: AgentLife): void {
    removeRunFiles(this.#parts.paths, life.name)
    life.forgetLaunch()
    this.#save()
  }

  #discard(life: AgentLife, family: readonly ProcessName[] = []): Promise<FleetError | undefined> {
    const { host, paths, log } = this.#parts
    return discard({ host, home: paths.home, log }, life, family)
  }

  /** @throws FleetError `refused` when a session of that name is not ours */
  async #makeRoom(life: AgentLife): Promise<void> {
    const foreign = await this.#discard(life)
    if (foreign !== undefined) throw foreign
  }

  #definition(name: string): AgentDefinition {
    const agent = this.#fleet.agents.find((candidate) => candidate.name === name)
    if (agent === undefined)
      throw new FleetError('not_found', `no agent ${JSON.stringify(name)} in the roster`, { mend: 'mosaic agent roster' })
    return agent
  }

  #isDefined(life: AgentLife): boolean {
    return this.#fleet.agents.some((agent) => agent.name === life.name)
  }

  #life(name: string): AgentLife {
    let life = this.#lives.get(name)
    if (life === undefined) {
      life = new AgentLife(name)
      this.#lives.set(name, life)
    }
    return life
  }

  #save(): void {
    this.#records.save(this.#lives.values())
  }

  #emit(event: SupervisorEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}
