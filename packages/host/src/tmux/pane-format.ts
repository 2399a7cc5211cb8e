/** One line of `list-panes -F` per pane, in a form that no title, name or command can bend, and its reading. */

import type { PaneState } from '@mosaic/domain/ports/session-host'

/** Kept on every session that a fleet made: the launch id. */
export const MARK_OPTION = '@mosaic_launch'

/** Stands between fields. `-u` makes tmux print it as it is. */
export const FIELD_SEPARATOR = '\u001f'

/** Control characters are replaced by the server, in the same expansion that reads the value. */
const untrusted = (variable: string): string => `#{s/[\u0001-\u001f\u007f]/_/:${variable}}`

const FIELDS = [
  '#{session_name}',
  '#{session_id}',
  '#{window_index}.#{pane_index}',
  '#{pane_id}',
  '#{pane_pid}',
  '#{pane_tty}',
  '#{pane_dead}',
  '#{pane_dead_status}',
  '#{pane_dead_signal}',
  '#{pane_in_mode}',
  '#{pane_width}',
  '#{pane_height}',
  '#{window_activity}',
  untrusted('pane_current_command'),
  untrusted(MARK_OPTION),
  untrusted('pane_title'),
] as const

/** As many texts as there are fields. */
type Texts<T extends readonly unknown[]> = { [Index in keyof T]: string }

export const PANE_FORMAT = FIELDS.join(FIELD_SEPARATOR)

const numberOrNull = (text: string): number | null => (text === '' ? null : Number(text))

/**
 * The panes that `list-panes -F PANE_FORMAT` printed. A line that does not fit is no pane of ours to judge and is left out.
 * @param nowMs epoch; for the idle time
 */
export function parsePanes(output: string, nowMs: number): PaneState[] {
  const panes: PaneState[] = []
  for (const line of output.split('\n')) {
    const fields = line.split(FIELD_SEPARATOR)
    if (fields.length !== FIELDS.length) continue
    const [session, sessionId, , paneId, pid, tty, dead, status, signal, modes, width, height, activity, command, mark, title] =
      fields as unknown as Texts<typeof FIELDS>
    panes.push({
      session,
      sessionId,
      paneId,
      pid: Number(pid),
      tty,
      alive: dead === '0',
      exitStatus: numberOrNull(status),
      exitSignal: numberOrNull(signal),
      idleSeconds: Math.max(0, Math.floor(nowMs / 1000) - Number(activity)),
      inCopyMode: modes !== '0',
      width: Number(width),
      height: Number(height),
      currentCommand: command,
      title,
      mark,
    })
  }
  return panes
}
