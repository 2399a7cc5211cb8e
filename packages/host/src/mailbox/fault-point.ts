/**
 * Named points at which a test can have this process killed, to prove that nothing is lost or doubled there.
 * Armed by `MOSAIC_FAULT=<point>` or `<point>:<n>` for the n-th passage; unarmed it costs one comparison.
 */

export const FAULT_POINTS = ['after-store', 'before-claim', 'before-inject', 'after-inject', 'before-receipt', 'after-receipt'] as const
/** Passed in a runtime's own process; the others in the host service's. */
export const RUNTIME_FAULT_POINT = 'runtime-after-inbox'
export type FaultPoint = (typeof FAULT_POINTS)[number] | typeof RUNTIME_FAULT_POINT

let armed: string | undefined
let left = 0

/** Called once by `main` with the value of `MOSAIC_FAULT`. */
export function armFault(setting: string | undefined): void {
  const [point, count] = (setting ?? '').split(':')
  armed = [...FAULT_POINTS, RUNTIME_FAULT_POINT].some((known) => known === point) ? point : undefined
  left = Number(count ?? 1) || 1
}

export function faultPoint(point: FaultPoint): void {
  if (armed !== point) return
  left -= 1
  if (left === 0) process.kill(process.pid, 'SIGKILL')
}
