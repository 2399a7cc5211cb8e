/** The machine's clocks. */

import type { Clock } from '@mosaic/domain/ports/clock'

/** A timer takes a longer delay for none. */
const MAX_DELAY_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  wallMs,
  monotonicMs: () => performance.now(),
  after(delayMs, call) {
    const timer = setTimeout(call, Math.min(delayMs, MAX_DELAY_MS))
    return () => clearTimeout(timer)
  },
}

/**
 * `timeOrigin` is fixed at start; a later step of the wall clock must show. Either clock is true when it is read, so that it
 * does not matter how long this process is off the processor in between.
 */
function wallMs(): number {
  const fine = performance.timeOrigin + performance.now()
  const wall = Date.now()
  return Math.abs(wall - fine) > 1 ? wall : fine
}
