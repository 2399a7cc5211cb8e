/** Waiting for a condition in tests: event-free, bounded, and never a fixed sleep. */

export interface UntilOptions {
  /** Bound, milliseconds. Generous: it only matters when a test fails. */
  withinMs?: number
  everyMs?: number
  /** What was waited for, for the failure's text. */
  what?: string
}

/**
 * Calls `probe` until it returns something truthy, and returns that.
 * @throws Error with `what` (and the last thrown error) when the bound passes
 */
export async function until<T>(probe: () => T | Promise<T>, options: UntilOptions = {}): Promise<NonNullable<Exclude<T, false | '' | 0>>> {
  const { withinMs = 60_000, everyMs = 20, what = 'the condition' } = options
  const end = performance.now() + withinMs
  let last: unknown
  for (;;) {
    try {
      const value = await probe()
      if (value) return value as NonNullable<Exclude<T, false | '' | 0>>
      last = undefined
    } catch (error) {
      last = error
    }
    if (performance.now() > end) throw new Error(`${what} did not come true within ${withinMs} ms`, { cause: last })
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
