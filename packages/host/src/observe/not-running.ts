/** The answer to whoever wants to look at an agent that has no session. */

import { FleetError } from '@mosaic/domain/error'

/** `error` in words for the operator when it says that there is no session, else `error` itself. */
export function notRunning(session: string, error: unknown): unknown {
  if (!(error instanceof FleetError) || error.code !== 'not_found') return error
  return new FleetError('not_found', `${session} is not running: it has no session`, {
    reason: 'no-session',
    mend: `mosaic fleet start ${session}`,
    cause: error,
  })
}
