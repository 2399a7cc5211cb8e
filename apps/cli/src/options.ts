/** Values of options, checked. */

import { FleetError } from '@mosaic/domain/error'

/** A number within bounds, both included. @throws FleetError `invalid` */
export function numberOption(flag: string, text: string, bounds: { min: number; max: number; whole?: boolean }): number {
  const value = /^\d{1,12}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN
  const { min, max, whole = false } = bounds
  if (Number.isFinite(value) && value >= min && value <= max && (!whole || Number.isInteger(value))) return value
  throw new FleetError('invalid', `${flag} ${JSON.stringify(text)} is not a ${whole ? 'whole number' : 'number'} from ${min} to ${max}`, {
    mend: `e.g. ${flag} ${Math.max(min, Math.min(10, max))}`,
    reason: 'usage',
  })
}
