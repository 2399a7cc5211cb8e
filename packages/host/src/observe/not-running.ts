/** The answer to whoever wants to look at an agent that has no session. */

import { FleetError } from '@mosaic/domain/error'
import { NO_SESSION } from '../tmux/tmux-failure.ts'

/** `error` in words for the operator when it says that there is no session, else `error` itself. */
export function notRunning(session: string, error: unknown): unknown {
  if (!(error instanceof FleetError) || error.reason !== NO_SESSION) return error
  return new FleetError('not_done', `${session} is not running: it has no session`, {
    reason: NO_SESSION,
    mend: `mosaic fleet start ${session}`,
    cause: error,
  })
}
