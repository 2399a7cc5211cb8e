/** Time as an argument. */

export interface Clock {
  /** Wall clock, epoch milliseconds. For records; never for judging how long something took. */
  wallMs(): number
  /** Monotonic, milliseconds from an arbitrary start. */
  monotonicMs(): number
  /** Calls back once after `delayMs`; the result cancels. */
  after(delayMs: number, call: () => void): () => void
}
