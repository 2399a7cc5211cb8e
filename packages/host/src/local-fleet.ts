/** The fleet of this host, whole: supervisor, observer, courier and what runtimes say, behind the two fleet interfaces. */

import { existsSync, mkdirSync } from 'node:fs'
import type { AgentDefinition, FleetDefinition, MachineDefaults } from '@mosaic/domain/agent'
import type { AgentRecord, FleetEvent, FleetSnapshot } from '@mosaic/domain/agent-record'
import { commsBlock } from '@mosaic/domain/comms-block'
import { FleetError } from '@mosaic/domain/error'
import type { AgentOutcome, FleetControl, SendRequest } from '@mosaic/domain/fleet-control'
import type { FleetView } from '@mosaic/domain/fleet-view'
import type { RestartPolicy } from '@mosaic/domain/lifecycle'
import type { Receipt } from '@mosaic/domain/message'
import type { Audit } from '@mosaic/domain/ports/audit'
import type { Clock } from '@mosaic/domain/ports/clock'
import type { RuntimeAdapter } from '@mosaic/domain/ports/runtime'
import type { SessionHost } from '@mosaic/domain/ports/session-host'
import type { Escalation, Report } from '@mosaic/domain/report'
import type { RuntimeId } from '@mosaic/domain/roster'
import type { Signal } from '@mosaic/domain/signal'
import { keepLastScreen, tellOrchestrator } from './after-death.ts'
import { AgentDesk } from './agent-desk.ts'
import type { AgentEndpoint } from './agent-endpoint/agent-endpoint.ts'
import type { Acting } from './audit/acting.ts'
import { FleetAudit } from './audit/fleet-audit.ts'
import { setAsideNote } from './databases.ts'
import { atomicWrite } from './files/atomic-write.ts'
import { removeSwitch } from './files/remove.ts'
import { FleetEvents } from './fleet-events.ts'
import { fleetLivesAt } from './fleet-lives-at.ts'
import { HeartbeatObserver } from './heartbeat/observer.ts'
import { PostOffice } from './mailbox/post-office.ts'
import { targetOf } from './mailbox/target.ts'
import { assertStopped, outcomesOf } from './outcomes.ts'
import type { MosaicPaths } from './paths.ts'
import { type Callee, openEndpoint, Reach } from './reach.ts'
import { resetAgent } from './reset-agent.ts'
import { CurrentRoster } from './roster-in-force.ts'
import { acceptanceBy } from './signals/acceptance.ts'
import { SignalIntake } from './signals/signal-intake.ts'
import { joinSnapshot } from './snapshot.ts'
import { homeOfMark } from './supervisor/embedded/mark.ts'
import { supervisedAs } from './supervisor/embedded/supervised-as.ts'
import { EmbeddedSupervisor } from './supervisor/embedded/supervisor.ts'
import type { SupervisorEvent } from './supervisor/embedded/supervisor-event.ts'
import { UsageLedger } from './usage-ledger.ts'
import { Voices } from './voices.ts'
import { IdleEnds, idleForMs } from './worktrees/idle-ends.ts'
import { removeIdle } from './worktrees/remove-idle.ts'

export interface LocalFleetParts {
  paths: MosaicPaths
  machine: MachineDefaults
  clock: Clock
  audit: Audit
  /** On whose behalf something is done. */
  acting: Acting
  policy: RestartPolicy
  /** Opened once the roster has named the socket. */
  openHost(fleet: FleetDefinition): Promise<SessionHost>
  /** The whole fleet is about to be stopped: nothing may bring it back. */
  closing(): Promise<void>
  adapterOf(agent: AgentDefinition): RuntimeAdapter
  launcherEnv: Readonly<Record<string, string | undefined>>
  random(bytes: number): Uint8Array
  log(text: string): void
}

export class LocalFleet implements FleetView, FleetControl, AsyncDisposable {
  readonly #parts: LocalFleetParts
  readonly #host: SessionHost
  readonly #audit: FleetAudit
  readonly #events: FleetEvents
  readonly #observer: HeartbeatObserver
  readonly #post: PostOffice
  readonly #ledger: UsageLedger
  readonly #voices: Voices
  readonly #supervisor: EmbeddedSupervisor
  readonly #intake: SignalIntake
  readonly #reach: Reach
  readonly #desk: AgentDesk
  readonly #roster: CurrentRoster
  readonly #idleEnds: IdleEnds
  #closing = false

  private constructor(parts: LocalFleetParts, roster: CurrentRoster, host: SessionHost, endpoint: AgentEndpoint) {
    const { paths, clock, policy, launcherEnv, log } = parts
    this.#parts = parts
    this.#roster = roster
    this.#host = host
    this.#audit = new FleetAudit({ audit: parts.audit, acting: parts.acting, clock, log, place: () => this.#fleet })
    this.#events = new FleetEvents(clock)
    this.#observer = new HeartbeatObserver(paths, clock)
    this.#ledger = new UsageLedger(paths)
    this.#voices = new Voices(clock, this.#ledger)
    this.#intake = new SignalIntake({ paths, clock, log, onSignal: (name, signal) => this.#onSignal(name, signal) })
    this.#reach = new Reach({ paths, clock, host, endpoint, log, adapterOf: (agent) => parts.adapterOf(agent) })
    this.#supervisor = new EmbeddedSupervisor(
      { paths, host: this.#host, clock, policy, launcherEnv, log, endpoint, adapterOf: parts.adapterOf, audit: this.#audit },
      this.#fleet,
    )
    this.#supervisor.onEvent((event) => this.#onSupervisor(event))
    this.#post = new PostOffice({
      paths,
      clock,
      log,
      host: this.#host,
      random: parts.random,
      audit: (act) => this.#audit.record({ verb: 'deliver', ...act }),
      target: (receiver) =>
        targetOf({
          agent: this.#find(receiver),
          life: this.#supervisor.life(receiver),
          sessions: this.#reach.sessions,
          ready: this.#voices.isReady(receiver),
        }),
      isAgent: (name) => this.#find(name) !== undefined,
      onReceipt: (name, { id, state, reason }) => this.#emit(name, 'receipt', { id, state, reason }),
    })
    this.#idleEnds = this.#watchIdle()
    this.#desk = new AgentDesk(paths, {
      clock,
      log,
      audit: this.#audit,
      acting: parts.acting,
      random: parts.random,
      post: this.#post,
      fleet: () => this.#fleet,
      snapshot: () => this.snapshot(),
      onEvent: (agent, kind, detail) => this.#emit(agent, kind, detail),
    })
  }

  /** Takes over what runs, brings up what is wanted, and goes on with what was under way. */
  static async open(parts: LocalFleetParts): Promise<LocalFleet> {
    const { paths, machine, log } = parts
    for (const directory of [paths.run, paths.agents, paths.state]) mkdirSync(directory, { recursive: true, mode: 0o700 })
    const roster = await CurrentRoster.open(paths, machine, (place) => fleetLivesAt(paths.home, place, parts.launcherEnv))
    const host = await parts.openHost(roster.fleet)
    const { promise: takenOver, resolve: answerAgents } = Promise.withResolvers<Callee>()
    const fleet = new LocalFleet(parts, roster, host, await openEndpoint(paths, takenOver, log))
    await fleet.#takeOver()
    const isCurrent: Callee['isCurrent'] = (name, launchId) => fleet.#supervisor.life(name)?.isCurrent(launchId) === true
    answerAgents({ tools: fleet.#desk.tools, isCurrent })
    return fleet
  }

  async #takeOver(): Promise<void> {
    await this.#supervisor.adopt()
    for (const agent of this.#fleet.agents) this.#intake.follow(agent.name)
    // Journals first: what was accepted while nobody listened must be known before anything is handed over again.
    this.#intake.readAll()
    this.#post.recover()
  }

  get definition(): FleetDefinition {
    return this.#fleet
  }

  get #fleet(): FleetDefinition {
    return this.#roster.fleet
  }

  /** Something changed on the session host. */
  changed(): void {
    void this.#supervisor.reconcile()
  }

  /** Looks for messages that senders stored while nobody listened. */
  deliverStored(): void {
    this.#post.courier.pokeAll()
  }

  async snapshot(): Promise<FleetSnapshot> {
    const { paths, clock } = this.#parts
    // What an operator changed by hand is taken over, or its fault told, before anyone is shown the fleet. Starts and stops nothing.
    if (this.#roster.readIfChanged()) this.#applyRoster()
    this.#intake.readAll()
    const panes = await this.#host.list()
    const queued = this.#post.queued()
    return joinSnapshot({
      paths,
      panes,
      fleet: this.#fleet,
      nowMs: clock.wallMs(),
      observerUp: true,
      observerNote: [this.#observer.note(), this.#reach.endpoint.note(), setAsideNote(paths)].filter(Boolean).join('; ') || null,
      rosterProblem: this.#roster.problem,
      escalations: this.#desk.escalations({ all: false }),
      supervised: (name) => supervisedAs(this.#supervisor.life(name), clock),
      observation: (name) => this.#observer.observation(name),
      heard: (name) => this.#voices.heard(name),
      queued: (name) => queued.get(name) ?? 0,
      wedged: (name) => this.#post.courier.isWedged(name),
      recognises: (agent, argv) => this.#reach.sessions.recognises(agent, argv),
    })
  }

  async agent(name: string): Promise<AgentRecord> {
    const { agents } = await this.snapshot()
    this.#definitionOf(name)
    return agents.find((record) => record.name === name) as AgentRecord
  }

  async commsBlock(name: string): Promise<string> {
    return commsBlock(this.#fleet, this.#definitionOf(name))
  }

  async receipt(id: string): Promise<Receipt> {
    return this.#post.receipt(id)
  }

  async receipts(name: string, limit: number): Promise<Receipt[]> {
    return this.#post.receipts(name, limit)
  }

  async reports({ agent, limit }: { agent?: string | undefined; limit: number }): Promise<Report[]> {
    return this.#desk.reports(agent === undefined ? undefined : this.#definitionOf(agent), limit)
  }

  async escalations(options: { all: boolean }): Promise<Escalation[]> {
    return this.#desk.escalations(options)
  }

  async acknowledge(id: string): Promise<Escalation> {
    return this.#desk.acknowledge(id)
  }

  events(options: { sinceSeq?: number; signal: AbortSignal }): AsyncIterable<FleetEvent> {
    return this.#events.follow(options)
  }

  start(names?: readonly string[]): Promise<AgentOutcome[]> {
    this.#assertNotClosing()
    return this.#each(names, (name) => this.#supervisor.start(name))
  }

  stop(names?: readonly string[]): Promise<AgentOutcome[]> {
    return this.#each(names, (name) => this.#supervisor.stop(name))
  }

  restart(names?: readonly string[]): Promise<AgentOutcome[]> {
    this.#assertNotClosing()
    return this.#each(names, (name) => this.#supervisor.restart(name))
  }

  async reset(name: string, options: { newSession: boolean }): Promise<AgentOutcome> {
    this.#assertNotClosing()
    const agent = this.#definitionOf(name)
    return resetAgent({ sessions: this.#reach.sessions, supervisor: this.#supervisor, audit: this.#audit }, agent, options)
  }

  async send(request: SendRequest): Promise<Receipt> {
    return this.#post.send(this.#definitionOf(request.to), request)
  }

  waitForReceipt(id: string, timeoutMs: number): Promise<Receipt> {
    return this.#post.waitForReceipt(id, timeoutMs)
  }

  async pause(): Promise<void> {
    this.#audit.recordIfPossible({ verb: 'pause' })
    if (!existsSync(this.#parts.paths.pausedFile))
      atomicWrite(this.#parts.paths.pausedFile, `${new Date(this.#parts.clock.wallMs()).toISOString()}\n`)
    this.#emit(null, 'paused', { paused: true })
  }

  async resume(): Promise<void> {
    this.#audit.record({ verb: 'resume' })
    removeSwitch(this.#parts.paths.pausedFile)
    this.#emit(null, 'paused', { paused: false })
    this.#post.courier.pokeAll()
  }

  async reload(): Promise<{ applied: boolean; problem: string | null }> {
    this.#roster.read()
    return this.#applyRoster()
  }

  #applyRoster(): { applied: boolean; problem: string | null } {
    const { fleet, problem } = this.#roster
    if (problem === null) {
      this.#supervisor.define(fleet)
      for (const agent of fleet.agents) this.#intake.follow(agent.name)
    }
    this.#post.courier.pokeAll()
    this.#emit(null, 'roster', { applied: problem === null, problem })
    return { applied: problem === null, problem }
  }

  async shutdown(): Promise<AgentOutcome[]> {
    this.#closing = true
    try {
      return await this.#end()
    } catch (error) {
      this.#closing = false
      throw error
    }
  }

  async #end(): Promise<AgentOutcome[]> {
    this.#audit.recordIfPossible({ verb: 'shutdown' })
    const outcomes = await this.stop()
    // What the roster does not name any more goes as well: agents first, then sessions of an earlier service.
    for (const { name } of this.#supervisor.lives()) if (this.#find(name) === undefined) await this.#supervisor.stop(name)
    const { home } = this.#parts.paths
    for (const pane of await this.#host.list()) if (homeOfMark(pane.mark) === home) await this.#host.kill(pane.session)
    assertStopped(outcomes)
    await this.#parts.closing()
    await this.#host.close()
    return outcomes
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#idleEnds[Symbol.dispose]()
    this.#supervisor[Symbol.dispose]()
    this.#intake[Symbol.dispose]()
    await this.#reach[Symbol.asyncDispose]()
    for (const part of [this.#observer, this.#ledger, this.#post, this.#desk]) part[Symbol.dispose]()
  }

  async #each(names: readonly string[] | undefined, act: (name: string) => Promise<AgentOutcome>): Promise<AgentOutcome[]> {
    const chosen = names ?? this.#fleet.agents.filter((agent) => agent.local).map((agent) => agent.name)
    for (const name of chosen) this.#definitionOf(name)
    return outcomesOf(chosen, act, this.#parts.log)
  }

  #assertNotClosing(): void {
    if (this.#closing)
      throw new FleetError('refused', 'the fleet is being stopped', { reason: 'stopping', mend: 'wait for that, then: mosaic fleet up' })
  }

  #onSignal(name: string, signal: Signal): void {
    this.#voices.hear(name, signal)
    const accepted = acceptanceBy(signal, () => this.#reach.sessions.acceptanceSignal(this.#find(name)))
    if (accepted !== undefined) this.#post.courier.accepted(name, accepted.id, accepted)
    if (signal.kind === 'activity') this.#emit(name, 'activity', { activity: signal.activity, detail: signal.detail })
    if (signal.kind === 'ready' || signal.kind === 'activity') this.#post.courier.poke(name)
  }

  #onSupervisor(event: SupervisorEvent): void {
    const { name } = event
    this.#reach.heed(event)
    if (event.kind === 'launching') {
      this.#observer.track(name, { fresh: true })
      this.#voices.forget(name)
    }
    if (event.kind === 'launched') {
      if (event.adopted) this.#observer.track(name, { fresh: false })
      const agent = this.#find(name)
      if (agent !== undefined) this.#connect(agent, event)
    }
    // A receiver that is down is not looked at by itself.
    if (event.kind === 'life' || event.kind === 'died' || event.kind === 'failed') this.#post.courier.poke(name)
    if (event.kind === 'died') keepLastScreen(this.#parts.paths, name, event.lastScreen, this.#parts.log)
    if (event.kind === 'failed') tellOrchestrator(this.#post, this.#fleet, name, event.exit, this.#parts.log)
    const { kind, name: _, ...detail } = event
    this.#emit(name, kind, detail)
  }

  #connect(agent: AgentDefinition, process: { launchId: string; pid: number }): void {
    try {
      // The roster may name another runtime or account by now than the one that runs.
      const { runtime = agent.runtime, env = agent.env } = this.#supervisor.life(agent.name)?.launchedAs ?? {}
      this.#reach.connect({ ...agent, runtime: runtime as RuntimeId, env }, process, (signal) => this.#intake.hear(agent.name, signal))
      this.#post.courier.poke(agent.name)
    } catch (error) {
      this.#parts.log(`${agent.name} cannot be reached: ${(error as Error).message}`)
    }
  }

  #emit(agent: string | null, kind: string, detail: Record<string, unknown>): void {
    this.#events.add({ tenant_id: this.#fleet.tenantId, host: this.#fleet.host, agent, kind, detail })
    this.#idleEnds.heed(agent)
  }

  #watchIdle(): IdleEnds {
    const { clock, log } = this.#parts
    const idle = (name: string) => idleForMs(this.#voices.heard(name), this.#post.queued().get(name))
    return new IdleEnds({ clock, log, agent: (name) => this.#find(name), idleForMs: idle, end: (name) => this.#endIdle(name) })
  }

  async #endIdle(name: string): Promise<void> {
    const stop = (agent: string) => this.#supervisor.stop(agent)
    const end = await removeIdle({ paths: this.#parts.paths, audit: this.#audit, stop, reload: () => this.reload() }, name)
    this.#emit(name, 'removed', { ...end })
  }

  #find(name: string): AgentDefinition | undefined {
    return this.#fleet.agents.find((agent) => agent.name === name)
  }

  #definitionOf(name: string): AgentDefinition {
    const agent = this.#find(name)
    if (agent === undefined)
      throw new FleetError('not_found', `no agent ${JSON.stringify(name)} in the roster`, { mend: 'mosaic agent roster' })
    return agent
  }
}
