/** What the supervisor knows of one agent. Wanted, up and ready stay three facts; ready is not kept here. */

import type { LaunchedAs } from '@mosaic/domain/drift'
import type { FleetError } from '@mosaic/domain/error'
import type { AgentOutcome } from '@mosaic/domain/fleet-control'
import type { LifeState, RestartPolicy } from '@mosaic/domain/lifecycle'
import type { PaneState } from '@mosaic/domain/ports/session-host'
import { watchEnd } from '../../launch/death-watch.ts'
import { startTicksOf } from '../../processes.ts'
import type { AgentRecordOnDisk } from './record.ts'
import type { ProcessName } from './sweep.ts'

/** How a pane's process ended, in words. */
export function exitWords(pane: PaneState): string {
  if (pane.exitSignal !== null) return `signal ${pane.exitSignal}`
  return pane.exitStatus === null ? 'ended' : `exit ${pane.exitStatus}`
}

export class AgentLife {
  readonly name: string
  wanted = false
  failed = false
  state: LifeState = 'down'
  launchId: string | null = null
  launchedAs: LaunchedAs | null = null
  sessionId: string | undefined
  process: ProcessName | undefined
  /** Monotonic milliseconds of the launch, or of the adoption. */
  upSinceMs = 0
  deathsMs: number[] = []
  /** Deaths in a row without a stable life between them: the pace of restarts. */
  consecutive = 0
  lastExit: string | null = null
  failure: FleetError | undefined
  resumes = true
  /** Monotonic milliseconds since which its terminal is closed and nobody has told how it ended. */
  untoldSinceMs: number | undefined
  #watch: Disposable | undefined
  #cancelRetry: () => void = () => {}
  #work: Promise<void> = Promise.resolve()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(name: string) {
    this.name = name
  }

  static fromRecord(name: string, record: AgentRecordOnDisk): AgentLife {
    const life = new AgentLife(name)
    const { wanted, failed, launchId, launchedAs, deathsMs, lastExit, resumes } = record
    Object.assign(life, { wanted, failed, launchId, launchedAs, deathsMs, lastExit, resumes })
    if (failed) life.state = 'failed'
    return life
  }

  toRecord(): AgentRecordOnDisk {
    const { wanted, failed, launchId, launchedAs, deathsMs, lastExit, resumes } = this
    return { wanted, failed, launchId, launchedAs, deathsMs, lastExit, resumes }
  }

  isUp(): boolean {
    return this.state === 'up'
  }

  /** True for the launch whose process lives, or is about to. */
  isCurrent(launchId: string): boolean {
    return this.launchId === launchId && (this.state === 'starting' || this.state === 'up' || this.state === 'stopping')
  }

  /** Acts on one agent one after the other, whoever asked. */
  enqueue(act: () => Promise<void>): void {
    this.#work = this.#work.then(act)
  }

  /** What operators ask for is done whole, one after the other: a stop that was answered is not undone by an earlier restart. */
  inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(act)
    this.#turn = done.catch(() => {})
    return done
  }

  get pid(): number | undefined {
    return this.process?.pid
  }

  /** When everything asked for so far is done. */
  async settled(): Promise<void> {
    for (let seen: Promise<void> | undefined; seen !== this.#work; ) {
      seen = this.#work
      await seen
    }
  }

  beginIncarnation(launchId: string, launchedAs: LaunchedAs): void {
    this.release()
    this.launchId = launchId
    this.launchedAs = launchedAs
    this.sessionId = undefined
    this.process = undefined
    this.untoldSinceMs = undefined
  }

  adoptPane(pane: PaneState, nowMs: number): void {
    this.sessionId = pane.sessionId
    const startTicks = startTicksOf(pane.pid)
    this.process = startTicks === undefined ? undefined : { pid: pane.pid, startTicks }
    this.upSinceMs = nowMs
  }

  endIncarnation(exit: string): void {
    this.release()
    this.sessionId = undefined
    this.process = undefined
    this.lastExit = exit
  }

  watchDeath(fifo: string, onEnd: () => void): void {
    this.#watch?.[Symbol.dispose]()
    try {
      this.#watch = watchEnd(fifo, onEnd)
    } catch {
      // Without the FIFO the session host's events and the reconciliation still see the death.
      this.#watch = undefined
    }
  }

  noteDeath(exit: string, nowMs: number, policy: RestartPolicy, options: { livedMs: number; counts: boolean }): void {
    this.endIncarnation(exit)
    this.consecutive = options.livedMs >= policy.stableMs ? 1 : this.consecutive + 1
    const recent = this.deathsMs.filter((at) => nowMs - at < policy.windowMs && at <= nowMs)
    this.deathsMs = options.counts ? [...recent, nowMs] : recent
  }

  forgetDeaths(): void {
    this.#cancelRetry()
    this.deathsMs = []
    this.consecutive = 0
    this.failed = false
    this.failure = undefined
  }

  /** Nothing is left of the last launch. */
  forgetLaunch(): void {
    this.forgetDeaths()
    this.launchId = null
    this.launchedAs = null
  }

  setRetry(cancel: () => void): void {
    this.#cancelRetry()
    this.#cancelRetry = cancel
  }

  /** Lets go of watches and timers; the session is not touched. */
  release(): void {
    this.#cancelRetry()
    this.#watch?.[Symbol.dispose]()
    this.#watch = undefined
  }
}

/** What a start that did not succeed is answered with. */
export function failureOf(life: AgentLife): AgentOutcome {
  return {
    name: life.name,
    did: 'failed',
    detail: [life.lastExit ?? 'it did not start', life.failure?.mend].filter(Boolean).join('; mend: '),
  }
}
