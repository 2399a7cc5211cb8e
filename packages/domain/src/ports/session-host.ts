/** Sessions with a real terminal in them. Adapter: tmux. Every target is exact; a name not asserted never reaches it. */

export interface PaneState {
  session: string
  /** tmux's own id, `$3`: names one incarnation. */
  sessionId: string
  paneId: string
  /** The pane's process. */
  pid: number
  tty: string
  alive: boolean
  exitStatus: number | null
  exitSignal: number | null
  /** Since the screen last changed, seconds (grain 1 s). */
  idleSeconds: number
  inCopyMode: boolean
  width: number
  height: number
  currentCommand: string
  /** Untrusted. */
  title: string
  /** The `@mosaic_launch` mark of a session that this fleet made: the launch id; empty for a foreign session. */
  mark: string
}

export interface SessionSpec {
  session: string
  argv: readonly string[]
  cwd: string
  width: number
  height: number
  /** Kept on the session, so that a later supervisor knows it as its own. */
  mark: string
}

/** The key that sends what was pasted. */
export type SubmitKey = 'Enter' | 'Tab'

export type PasteResult =
  | { outcome: 'pasted' }
  /** Nothing was typed. */
  | { outcome: 'refused'; because: 'dead' | 'copy-mode' | 'no-session' | 'other-incarnation' }

export interface SessionHost {
  /** Every pane on the socket, one child process for any number. An absent server is an empty list. */
  list(): Promise<PaneState[]>
  /** @throws FleetError `refused` when a session of that name exists, `not_done` when the process could not start */
  create(spec: SessionSpec): Promise<PaneState>
  /** Ends exactly that session; true when there was one. */
  kill(session: string): Promise<boolean>
  /**
   * Hands `text` to the pane as one bracketed paste and presses `key` (default Enter), in one uninterruptible step on the server; types
   * nothing when the pane is dead, scrolled, gone, not of `sessionId`, or with `pid` another process than that is in it.
   */
  paste(session: string, sessionId: string, text: string, key?: SubmitKey, pid?: number): Promise<PasteResult>
  /** Visible screen as plain text lines; `historyLines` adds scroll-back. */
  capture(session: string, options?: { historyLines?: number; escapes?: boolean }): Promise<string>
  /** Ends the server if nothing but the holder is left on it. */
  close(): Promise<void>
}

/** Hints that something changed on the session host; the truth is then read with `list()`. */
export type SessionHostEvent = { kind: 'changed' } | { kind: 'server-gone' }
