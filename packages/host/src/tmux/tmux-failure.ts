/** What tmux meant by its exit and its words. Its status alone is not enough: "access not allowed" exits with 0. */

import { FleetError } from '@mosaic/domain/error'

export type TmuxFailureKind =
  /** No server listens on the socket. */
  | 'absent'
  /** The server went away under the call: whether it did anything is not known, and everything in it is gone. */
  | 'dying'
  /** The session, window or pane is not there. */
  | 'no-target'
  /** A session of that name exists. */
  | 'duplicate'
  | 'denied'
  /** A server of another tmux version. */
  | 'mismatch'
  | 'other'

export interface TmuxFailure {
  kind: TmuxFailureKind
  /** What tmux said. */
  text: string
}

/** The reason of an error that says that no session is there: what was to be in it does not run. */
export const NO_SESSION = 'no-session'

const KINDS: readonly (readonly [TmuxFailureKind, RegExp])[] = [
  ['denied', /^access not allowed|^error connecting to .*\((Permission denied|Operation not permitted)\)/m],
  ['absent', /^no server running on |^error connecting to .*\((No such file or directory|Connection refused)\)/m],
  ['dying', /^(server exited|lost server)/m],
  ['mismatch', /^protocol version mismatch|^open terminal failed: protocol/m],
  [
    'no-target',
    /^can't find (session|window|pane|client)|^no such (session|window|pane)|^no current (target|session|client|window)|^no sessions/m,
  ],
  ['duplicate', /^duplicate session/m],
]

/** How an ended tmux client failed, or `undefined` when it did not. */
export function tmuxFailure(status: number | null, stderr: string): TmuxFailure | undefined {
  const text = stderr.trim()
  const known = KINDS.find(([, words]) => words.test(text))
  if (status === 0) return known?.[0] === 'denied' ? { kind: 'denied', text } : undefined
  return { kind: known?.[0] ?? 'other', text: text === '' ? `tmux ended with status ${status}` : text }
}

/** The failure as an error that may be shown. `what` is the act that failed. */
export function tmuxError(failure: TmuxFailure, what: string): FleetError {
  const said = `${what}: ${failure.text}`
  switch (failure.kind) {
    case 'denied':
      return new FleetError('refused', said, { reason: 'tmux-denied', mend: 'run as the user who owns the tmux server' })
    case 'mismatch':
      return new FleetError('refused', said, {
        reason: 'tmux-mismatch',
        mend: 'tmux was upgraded under a running server: stop the fleet with the old tmux, then start it again',
      })
    case 'no-target':
    case 'absent':
      // Not `not_found`: nobody has named a session, and what was named may well be there, only not running.
      return new FleetError('not_done', said, { reason: NO_SESSION, mend: 'mosaic fleet up' })
    case 'duplicate':
      return new FleetError('refused', said, {
        reason: 'session-exists',
        mend: 'mosaic fleet doctor tells whose session it is; end that one, or rename the agent',
      })
    default:
      return new FleetError('not_done', said, { reason: 'tmux-failed', mend: 'mosaic fleet doctor' })
  }
}
