/** The one invocation that makes an agent's session, so that no process of it lives a moment without its options. */

import { assertName } from '@mosaic/domain/address'
import type { SessionSpec } from '@mosaic/domain/ports/session-host'
import { MARK_OPTION, PANE_FORMAT } from './pane-format.ts'
import { literalFormat, sessionTarget, type TmuxCommand, windowTarget } from './tmux.ts'

/** Lines of scroll-back per agent. */
export const HISTORY_LINES = 20_000

/** Lives until its session is ended; holds a place and does nothing. */
export const IDLE_ARGV = ['tail', '-f', '/dev/null'] as const

/** Options of the session; `-q`: an older tmux that lacks one loses only that. */
const SESSION_OPTIONS: readonly (readonly [string, string])[] = [
  ['base-index', '0'],
  ['history-limit', String(HISTORY_LINES)],
  ['status', 'off'],
  ['set-titles', 'off'],
]

/**
 * Options of the window. `window-size` stays out of the global options: a global `manual` crashes tmux 3.3a at the next new
 * session. Per window it keeps every viewer from resizing the agent.
 */
const WINDOW_OPTIONS: readonly (readonly [string, string])[] = [
  ['pane-base-index', '0'],
  ['window-size', 'manual'],
  ['remain-on-exit', 'on'],
  // The last screen stays as the program left it.
  ['remain-on-exit-format', ''],
  ['automatic-rename', 'off'],
  ['allow-rename', 'off'],
  ['allow-passthrough', 'off'],
]

/**
 * A new session's name that is empty, and so refused by tmux, while the operator's server has the global option that would
 * crash it.
 */
export const guardedName = (session: string): string => `#{?#{==:#{window-size},manual},,${assertName(session)}}`

/**
 * argv that tmux execs without a shell. It would hand a single word to the user's login shell, so that one goes through a
 * constant `exec`.
 */
const execArgv = (argv: readonly string[]): readonly string[] => (argv.length === 1 ? ['sh', '-c', 'exec "$0"', ...argv] : argv)

/**
 * A session is made around an idle process first, because a pane takes its scroll-back from the session's options at birth
 * and global options may be the operator's own. Then the agent's window takes its place at index 0, whatever `base-index` is.
 */
export function createCommands(spec: SessionSpec, holderSession: string): TmuxCommand[] {
  const { session, width, height } = spec
  const target = sessionTarget(session)
  const window = windowTarget(session)
  const directory = ['-c', literalFormat(spec.cwd)]
  return [
    ['has-session', '-t', sessionTarget(holderSession)],
    ['new-session', '-d', '-s', guardedName(session), '-x', String(width), '-y', String(height), '-c', '/', '--', ...IDLE_ARGV],
    ...SESSION_OPTIONS.map(([name, value]) => ['set-option', '-q', '-t', target, name, value]),
    ['set-option', '-t', target, 'default-size', `${width}x${height}`],
    ['set-option', '-t', target, MARK_OPTION, spec.mark],
    ['new-window', '-k', '-n', 'agent', '-t', window, ...directory, '--', ...execArgv(spec.argv)],
    ['kill-window', '-a', '-t', window],
    ...WINDOW_OPTIONS.map(([name, value]) => ['set-option', '-q', '-w', '-t', window, name, value]),
    ['set-hook', '-w', '-t', window, 'pane-died', tellOfDeath(session)],
    ['set-hook', '-t', target, 'client-detached', fleetSize(spec)],
    ['list-panes', '-t', window, '-F', PANE_FORMAT],
  ]
}

/**
 * A pane that dies and remains is no event for a control client, a renamed window is. `-C` leaves the hook's own context, in
 * which nothing is announced.
 */
const tellOfDeath = (session: string): string => `run-shell -b -C "rename-window -t '${windowTarget(session)}' dead"`

/** An operator's terminal that was attached, and sized the window, is gone, however it went. Control clients have no tty. */
const fleetSize = ({ session, width, height }: SessionSpec): string =>
  `if-shell -F '#{m:/dev/*,#{hook_client}}' "resize-window -t '${windowTarget(session)}' -x ${width} -y ${height}"`
