/** A runtime's side of its signal journal: what it says is on the disk before it acts on it. */

import type { SignalBody } from '@mosaic/domain/signal'
import { AppendFile } from './append-file.ts'

/** A journal is rotated above this size, in bytes; the one before is kept for a reader that was away. */
const JOURNAL_ROTATE_BYTES = 8 * 1024 * 1024

/** Longest text in a signal, characters: a line stays far below what a reader takes for a signal. */
const MAX_TEXT = 2000

/** A clock that was set back by less than this, milliseconds, waits until it has caught up. */
const SMALL_STEP_MS = 1000

let anchorMs = performance.timeOrigin
let lastMs = 0

/** Epoch milliseconds with fraction: runs with the monotonic clock, and is set anew when the wall clock was. */
export function stampMs(): number {
  const before = performance.now()
  const wall = Date.now()
  const after = performance.now()
  // Only what was read in one go is comparable: a process can be off the processor in between.
  if (after - before < 1 && Math.abs(anchorMs + after - wall) >= 2) anchorMs = wall - after
  const stamp = anchorMs + after
  lastMs = stamp < lastMs && lastMs - stamp < SMALL_STEP_MS ? lastMs : stamp
  return lastMs
}

const bounded = (_key: string, value: unknown): unknown =>
  typeof value === 'string' && value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value

export interface JournalOptions {
  rotateAtBytes?: number
}

export class JournalWriter implements Disposable {
  readonly #file: AppendFile

  /** @throws FleetError `refused` when something else than a regular file stands at `path` */
  constructor(path: string, options: JournalOptions = {}) {
    this.#file = new AppendFile(path, options.rotateAtBytes ?? JOURNAL_ROTATE_BYTES)
  }

  /** Appends one signal and syncs it before it returns. */
  append(signal: SignalBody): void {
    this.#file.append(JSON.stringify({ v: 1, at: stampMs(), pid: process.pid, ...signal }, bounded), true)
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]()
  }
}
