/** Why a session could not be started, in words that help. */

import { FleetError } from '@mosaic/domain/error'
import { type TmuxFailure, tmuxError } from './tmux-failure.ts'

export function startError(failure: TmuxFailure, what: string): FleetError {
  if (/^invalid session: *$/m.test(failure.text)) {
    return new FleetError('refused', `${what}: this tmux server has the global option "window-size manual", which crashes tmux`, {
      reason: 'tmux-window-size',
      mend: 'tmux set-option -gu window-size (and take it out of tmux.conf), or give the fleet its own tmux.socket_name',
    })
  }
  return tmuxError(failure, what)
}
