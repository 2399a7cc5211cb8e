/** The name that was probably meant. */

import { closest } from '@mosaic/domain/closest'
import { FleetError } from '@mosaic/domain/error'
import { rosterNames } from './roster-names.ts'

/** The same error with the agent that was probably meant, when its text quotes a name that the roster nearly has. */
export function suggestName(error: FleetError, rosterFile: string): FleetError {
  const names = rosterNames(rosterFile)
  const quoted = /["'`“]([A-Za-z0-9_-]{1,64})["'`”]/.exec(error.message)?.[1]
  if (quoted === undefined || names.includes(quoted)) return error
  const meant = closest(quoted, names)
  if (meant === undefined || error.mend?.includes(meant) === true) return error
  return new FleetError(error.code, error.message, {
    mend: `did you mean ${meant}?`,
    ...(error.where === undefined ? {} : { where: error.where }),
    ...(error.reason === undefined ? {} : { reason: error.reason }),
    cause: error,
  })
}
