/**
 * Reads heartbeat files as they change and keeps, per agent, the newest answer with the time it was seen by the
 * observer's own clock. A stamp inside the file is compared, never trusted to say how old it is.
 */

import { type FSWatcher, watch } from 'node:fs'
import { basename } from 'node:path'
import { type Heartbeat, MAX_HEARTBEAT_BYTES, parseHeartbeat } from '@mosaic/domain/heartbeat'
import type { Clock } from '@mosaic/domain/ports/clock'
import { readBounded } from '../files/read-bounded.ts'
import type { MosaicPaths } from '../paths.ts'
import { StallClock } from './stall-clock.ts'

export interface Observation {
  beat: Heartbeat | undefined
  /** Why the file as it is now could not be used. */
  problem: string | undefined
  ageMs: number | undefined
  leadMs: number
}

interface Kept {
  beat: Heartbeat | undefined
  problem: string | undefined
  /** On the stall clock. */
  seenAt: number
  leadMs: number
}

const PROBLEMS = { 'not-a-file': 'not a regular file', 'too-large': 'larger than 4 KiB', unreadable: 'cannot be read' } as const

/** The heartbeat in a file right now, for readers without an observer. */
export function readHeartbeat(path: string): { beat: Heartbeat } | { problem: string } | undefined {
  const read = readBounded(path, MAX_HEARTBEAT_BYTES)
  if ('problem' in read) return read.problem === 'absent' ? undefined : { problem: PROBLEMS[read.problem] }
  const beat = parseHeartbeat(read.text)
  return 'problem' in beat ? beat : { beat }
}

export class HeartbeatObserver implements Disposable {
  readonly #paths: MosaicPaths
  readonly #clock: Clock
  readonly #looking: StallClock
  #watcher: FSWatcher | undefined
  #closed = false
  readonly #kept = new Map<string, Kept>()

  /** The run directory exists. */
  constructor(paths: MosaicPaths, clock: Clock) {
    this.#paths = paths
    this.#clock = clock
    this.#looking = new StallClock(clock)
    this.#watch()
  }

  /**
   * Starts to keep this agent's answers; `fresh` forgets what an earlier incarnation said. Its file was removed before the
   * launch, so what is there already was said by the new one.
   */
  track(name: string, options: { fresh: boolean }): void {
    if (!options.fresh && this.#kept.has(name)) return
    this.#kept.set(name, { beat: undefined, problem: undefined, seenAt: 0, leadMs: 0 })
    this.#look(name)
  }

  observation(name: string): Observation {
    if (this.#watcher === undefined) this.#watch()
    const kept = this.#kept.get(name)
    if (kept === undefined) return { beat: undefined, problem: undefined, ageMs: undefined, leadMs: 0 }
    const { beat, problem, leadMs } = kept
    return { beat, problem, leadMs, ageMs: beat === undefined ? undefined : Math.max(0, this.#looking.lookingMs() - kept.seenAt) }
  }

  /** What the observer says of its own health. */
  note(): string | null {
    return this.#looking.note()
  }

  [Symbol.dispose](): void {
    this.#closed = true
    this.#unwatch()
    this.#looking[Symbol.dispose]()
  }

  /** The directory may vanish under a stop, and be made anew: what is known grows old until then. */
  #watch(): void {
    if (this.#closed) return
    try {
      this.#watcher = watch(this.#paths.run, (event, file) => {
        if (file?.endsWith('.hb') === true) this.#look(file.slice(0, -'.hb'.length))
        // The kernel reports the directory's own end under its own name.
        else if (event === 'rename' && file === basename(this.#paths.run)) this.#unwatch()
      })
      this.#watcher.on('error', () => this.#unwatch())
      for (const name of this.#kept.keys()) this.#look(name)
    } catch {
      this.#watcher = undefined
    }
  }

  #unwatch(): void {
    this.#watcher?.close()
    this.#watcher = undefined
  }

  #look(name: string): void {
    const kept = this.#kept.get(name)
    if (kept === undefined) return
    const read = readHeartbeat(this.#paths.heartbeatOf(name))
    // A file that is being replaced, or was removed: the last answer grows old by itself.
    if (read === undefined) return
    if ('problem' in read) {
      kept.problem = read.problem
      return
    }
    kept.problem = undefined
    const first = kept.beat === undefined
    if (!first && kept.beat?.tsMs === read.beat.tsMs && kept.beat.pid === read.beat.pid) return
    const leadMs = read.beat.tsMs - this.#clock.wallMs()
    // The first sight of a file says nothing about when it was written; its stamp is the only hint, and only to its cost.
    const agedMs = first ? Math.max(0, -leadMs) : 0
    this.#kept.set(name, { beat: read.beat, problem: undefined, seenAt: this.#looking.lookingMs() - agedMs, leadMs })
  }
}
