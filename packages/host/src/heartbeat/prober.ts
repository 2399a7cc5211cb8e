/**
 * Heartbeats of runtimes that write none themselves: each is asked once per interval, and an answer becomes its heartbeat
 * file. What does not answer is not written, and goes stale. Costs no tokens and no process.
 */

import type { HeartbeatStatus } from '@mosaic/domain/heartbeat'
import type { Clock } from '@mosaic/domain/ports/clock'
import type { RuntimeAdapter, RuntimeAnswer, RuntimeSession } from '@mosaic/domain/ports/runtime'
import type { Activity } from '@mosaic/domain/signal'
import { isRunning } from '../processes.ts'
import { writeHeartbeat } from './writer.ts'

/** A runtime may take this long to answer, and never longer than its interval, milliseconds. */
const MAX_ASK_MS = 5_000
/** How soon a runtime that did not answer is asked again, and never later than its interval, milliseconds. */
const ASK_AGAIN_MS = 2_000

export interface Probed {
  name: string
  heartbeat: RuntimeAdapter['heartbeat']
  session: RuntimeSession
  /** The pane's process. */
  pid: number
  heartbeatFile: string
  intervalMs: number
}

export interface ProberParts {
  clock: Clock
  log(text: string): void
}

interface Probe {
  stopped: boolean
  cancel(): void
}

const statusOf = (activity: Activity): HeartbeatStatus => (activity === 'busy' || activity === 'waiting' ? activity : 'ok')

export class HeartbeatProber implements Disposable {
  readonly #parts: ProberParts
  readonly #probes = new Map<string, Probe>()

  constructor(parts: ProberParts) {
    this.#parts = parts
  }

  /** Asks from now on, in the place of an earlier process of this agent. Nothing is done for a runtime that writes for itself. */
  follow(probed: Probed): void {
    this.stop(probed.name)
    if (probed.heartbeat === 'itself') return
    const probe: Probe = { stopped: false, cancel: () => {} }
    this.#probes.set(probed.name, probe)
    void this.#round(probed, probe)
  }

  /** Its process has gone, or is about to. */
  stop(name: string): void {
    const probe = this.#probes.get(name)
    if (probe === undefined) return
    probe.stopped = true
    probe.cancel()
    this.#probes.delete(name)
  }

  [Symbol.dispose](): void {
    for (const name of [...this.#probes.keys()]) this.stop(name)
  }

  /** One question after the other: the next is asked when this one is over. */
  async #round(probed: Probed, probe: Probe): Promise<void> {
    const { clock } = this.#parts
    const { intervalMs } = probed
    const askedAtMs = clock.monotonicMs()
    const answered = probed.heartbeat === 'process' ? this.#living(probed) : await this.#ask(probed, probe)
    if (probe.stopped) return
    const paceMs = answered ? intervalMs : Math.min(intervalMs, ASK_AGAIN_MS)
    probe.cancel = clock.after(Math.max(0, paceMs - (clock.monotonicMs() - askedAtMs)), () => void this.#round(probed, probe))
  }

  async #ask(probed: Probed, probe: Probe): Promise<boolean> {
    let answer: RuntimeAnswer | undefined
    try {
      answer = await probed.session.ask(Math.min(probed.intervalMs, MAX_ASK_MS))
    } catch (error) {
      this.#parts.log(`${probed.name}: it cannot be asked: ${(error as Error).message}`)
    }
    // An answer that comes after its process ended would speak for the next one.
    if (answer === undefined || probe.stopped) return false
    const { activity, turn, model, contextUsed } = answer
    const { pid, intervalMs, heartbeatFile } = probed
    writeHeartbeat(heartbeatFile, {
      tsMs: this.#parts.clock.wallMs(),
      pid,
      source: 'probe',
      status: statusOf(activity),
      turn,
      intervalMs,
      ...(model === null ? {} : { model }),
      ...(contextUsed === null ? {} : { contextUsed }),
    })
    return true
  }

  /** Only that there is a process; that alone is never healthy. */
  #living({ pid, intervalMs, heartbeatFile }: Probed): boolean {
    if (!isRunning(pid)) return false
    writeHeartbeat(heartbeatFile, { tsMs: this.#parts.clock.wallMs(), pid, source: 'sidecar', status: 'ok', intervalMs })
    return true
  }
}
