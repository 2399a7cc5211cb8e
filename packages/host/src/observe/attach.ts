/** `agent attach`: the operator's terminal becomes the agent's. The one verb that can type. */

import { once } from 'node:events'
import type { ReadStream, WriteStream } from 'node:tty'
import { FleetError } from '@mosaic/domain/error'
import { sessionTarget, type Tmux, windowTarget } from '../tmux/tmux.ts'
import { tmuxError } from '../tmux/tmux-failure.ts'
import { notRunning } from './not-running.ts'

/** A signal from elsewhere; the Ctrl-C of the terminal goes to the agent. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface AttachOptions {
  tmux: Tmux
  session: string
  stdin: ReadStream
  stdout: WriteStream
}

export interface AttachEnd {
  /** Of the tmux client; 0 after a detach, and also when the session ended. */
  status: number | null
}

/** tmux's name of a key as people write it: `Ctrl-b` for `C-b`. */
const keyName = (key: string): string => key.replace(/^C-/, 'Ctrl-').replace(/^M-/, 'Alt-')

/** @throws FleetError `invalid` without a terminal on both ends */
export function assertTerminal({ stdin, stdout }: Pick<AttachOptions, 'stdin' | 'stdout'>): void {
  if (stdin.isTTY && stdout.isTTY) return
  throw new FleetError('invalid', 'agent attach needs a terminal', {
    reason: 'no-terminal',
    mend: 'mosaic agent send, or mosaic agent tail -f',
  })
}

/** tmux's own id of the session now; `undefined` when there is none. */
export async function sessionIdOf(tmux: Tmux, session: string): Promise<string | undefined> {
  const { stdout, failure } = await tmux.run([['display-message', '-p', '-t', windowTarget(session), '#{session_id} #{pane_dead}']])
  const [, id] = /^(\$\d+) 0$/.exec(stdout.trim()) ?? []
  return failure === undefined ? id : undefined
}

/**
 * Attaches this process's terminal until the operator detaches or the session ends; meanwhile the agent's window has the
 * terminal's size. The caller audits.
 * @throws FleetError `invalid` without a terminal, `not_done` when the agent has no session
 */
export async function attachAgent(options: AttachOptions): Promise<AttachEnd> {
  const { tmux, session, stdout } = options
  assertTerminal(options)
  const fleetSize = await describe(tmux, session)
  const fit = () => void resize(tmux, session, stdout).catch(() => {})
  // The client must not be left behind.
  const child = tmux.attach(session, `what you type reaches ${session} · ${keyName(fleetSize.prefix)} d leaves`)
  const hangUp = () => child.kill('SIGHUP')
  for (const signal of ENDING) process.on(signal, hangUp)
  stdout.on('resize', fit)
  try {
    fit()
    const [status] = (await once(child, 'close')) as [number | null]
    return { status }
  } finally {
    stdout.off('resize', fit)
    for (const signal of ENDING) process.off(signal, hangUp)
    await restore(tmux, session, fleetSize)
  }
}

interface FleetSize {
  prefix: string
  columns: string
  rows: string
}

async function describe(tmux: Tmux, session: string): Promise<FleetSize> {
  const { stdout, failure } = await tmux.run([
    ['has-session', '-t', sessionTarget(session)],
    ['display-message', '-p', '-t', sessionTarget(session), '#{prefix} #{default-size}'],
  ])
  if (failure !== undefined) throw notRunning(session, tmuxError(failure, `cannot attach to ${session}`))
  const [, prefix = 'C-b', columns = '200', rows = '50'] = /^(\S+) (\d+)x(\d+)$/.exec(stdout.trim()) ?? []
  return { prefix, columns, rows }
}

async function resize(tmux: Tmux, session: string, { columns, rows }: WriteStream): Promise<void> {
  if (columns < 1 || rows < 1) return
  await tmux.run([['resize-window', '-t', windowTarget(session), '-x', String(columns), '-y', String(rows)]])
}

/** The session's own hook does this when a client goes; here it is for a client that never got in. */
async function restore(tmux: Tmux, session: string, { columns, rows }: FleetSize): Promise<void> {
  const window = windowTarget(session)
  const back = `resize-window -t '${window}' -x ${columns} -y ${rows}`
  await tmux.run([['if-shell', '-F', '-t', window, '#{session_attached}', '', back]]).catch(() => {})
}
