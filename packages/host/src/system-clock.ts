/** The machine's clocks. */

import type { Clock } from '@mosaic/domain/ports/clock'

/** A timer takes a longer delay for none. */
const MAX_DELAY_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  wallMs: () => performance.timeOrigin + performance.now() + drift(),
  monotonicMs: () => performance.now(),
  after(delayMs, call) {
    const timer = setTimeout(call, Math.min(delayMs, MAX_DELAY_MS))
    return () => clearTimeout(timer)
  },
}

/** `timeOrigin` is fixed at start; a later step of the wall clock must show. */
function drift(): number {
  const difference = Date.now() - (performance.timeOrigin + performance.now())
  return Math.abs(difference) > 1 ? difference : 0
}
