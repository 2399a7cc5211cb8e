/**
 * The observer's own health. A watcher that was itself stopped or starved saw no answers because it did not look; that
 * time is taken out of every age, so that nobody is declared late by a slow watcher.
 */

import type { Clock } from '@mosaic/domain/ports/clock'

const TICK_MS = 500
/** A tick later than this is a stall of the observer. */
const STALL_MS = 1_000
/** How long a stall is still worth mentioning. */
const MENTION_MS = 60_000

export class StallClock implements Disposable {
  readonly #clock: Clock
  #stalledMs = 0
  #lastTick: number
  #lastStall: { at: number; ms: number } | undefined
  #cancel: () => void = () => {}

  constructor(clock: Clock) {
    this.#clock = clock
    this.#lastTick = clock.monotonicMs()
    this.#arm()
  }

  /** Monotonic milliseconds during which the observer was looking. */
  lookingMs(): number {
    this.#account()
    return this.#clock.monotonicMs() - this.#stalledMs
  }

  /** What to say of a recent stall. */
  note(): string | null {
    if (this.#lastStall === undefined || this.#clock.monotonicMs() - this.#lastStall.at > MENTION_MS) return null
    return `the observer itself was stopped for ${(this.#lastStall.ms / 1000).toFixed(1)} s; ages leave that out`
  }

  [Symbol.dispose](): void {
    this.#cancel()
  }

  #account(): void {
    const now = this.#clock.monotonicMs()
    const gap = now - this.#lastTick
    if (gap > STALL_MS) {
      this.#stalledMs += gap - TICK_MS
      this.#lastStall = { at: now, ms: gap }
    }
    this.#lastTick = now
  }

  #arm(): void {
    this.#cancel = this.#clock.after(TICK_MS, () => {
      this.#account()
      this.#arm()
    })
  }
}
