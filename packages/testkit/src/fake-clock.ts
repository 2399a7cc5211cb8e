/** A clock that moves only when it is told to. */

import type { Clock } from '@mosaic/domain/ports/clock'

interface Timer {
  dueMs: number
  /** Order of arming, among timers that are due at the same time. */
  order: number
  call: () => void
}

export class FakeClock implements Clock {
  #wallMs: number
  #monotonicMs = 1_000
  #timers: Timer[] = []
  #armed = 0

  /** @param wallMs epoch milliseconds at the start */
  constructor(wallMs: number = Date.UTC(2026, 0, 2, 3, 4, 5)) {
    this.#wallMs = wallMs
  }

  wallMs(): number {
    return this.#wallMs
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  after(delayMs: number, call: () => void): () => void {
    this.#armed += 1
    const timer: Timer = { dueMs: this.#monotonicMs + Math.max(0, delayMs), order: this.#armed, call }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Timers that are armed. */
  get pending(): number {
    return this.#timers.length
  }

  /** Time passes and each timer fires when it is due, one after the other, in this call. */
  advance(ms: number): void {
    const endMs = this.#monotonicMs + ms
    for (let timer = this.#takeDue(endMs); timer !== undefined; timer = this.#takeDue(endMs)) {
      this.#moveTo(Math.max(timer.dueMs, this.#monotonicMs))
      timer.call()
    }
    this.#moveTo(endMs)
  }

  /** As `advance`, with a turn of the event loop after each timer, so that what it set off goes on before the next. */
  async elapse(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms
    await turn()
    for (let timer = this.#takeDue(endMs); timer !== undefined; timer = this.#takeDue(endMs)) {
      this.#moveTo(Math.max(timer.dueMs, this.#monotonicMs))
      timer.call()
      await turn()
    }
    this.#moveTo(endMs)
  }

  /** Time passes and nothing runs, as for a stopped process: timers that became due fire late, with the next `advance`. */
  stall(ms: number): void {
    this.#moveTo(this.#monotonicMs + ms)
  }

  /** Somebody sets the wall clock; the monotonic one does not notice. */
  stepWall(ms: number): void {
    this.#wallMs += ms
  }

  #moveTo(monotonicMs: number): void {
    this.#wallMs += monotonicMs - this.#monotonicMs
    this.#monotonicMs = monotonicMs
  }

  #takeDue(endMs: number): Timer | undefined {
    const [first] = this.#timers.filter((timer) => timer.dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)
    if (first !== undefined) this.#timers = this.#timers.filter((timer) => timer !== first)
    return first
  }
}

/** Whatever is ready to go on goes on until it waits for something outside of this process, or for the clock. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
