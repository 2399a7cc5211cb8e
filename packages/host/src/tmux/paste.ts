/** Typing a message into a pane: one invocation, of which the server does all or nothing. */

import { randomBytes } from 'node:crypto'
import { FleetError } from '@mosaic/domain/error'
import type { PasteResult, SubmitKey } from '@mosaic/domain/ports/session-host'
import { processState } from '../processes.ts'
import { paneTarget, type Tmux } from './tmux.ts'
import { tmuxError } from './tmux-failure.ts'

const BUFFER_PREFIX = 'mosaic-paste-'
const PASTED = 'mosaic:pasted'
const REFUSED = 'mosaic:refused'

let pastes = 0

/** Unlike any other paste's, of any process. It names its maker, so that a leftover can be known as one. */
function bufferName(): string {
  pastes += 1
  return `${BUFFER_PREFIX}${process.pid}-${pastes}-${randomBytes(4).toString('hex')}`
}

/** `pane_input_off` drops keys silently; to a sender that is a pane in which a person does something else. */
const STATE = '#{pane_dead}#{pane_in_mode}#{pane_input_off}#{session_id}'

export interface PasteTarget {
  session: string
  /** tmux's own id of the incarnation. */
  sessionId: string
  /** The process that must be in the pane; `undefined`: any. */
  pid?: number | undefined
}

/**
 * Pastes `text` (bracketed, if the program asked for that) and presses `key`. The check and the typing run without a step of
 * the server's event loop between them: a paste into a dead pane would crash tmux 3.3a, one into copy mode would lose the Enter.
 * @throws FleetError `invalid` when the text holds a control character that could act as a key or end the paste
 */
export async function pasteAndSend(tmux: Tmux, into: PasteTarget, text: string, key: SubmitKey): Promise<PasteResult> {
  const { session, sessionId, pid } = into
  if (/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.test(text) || text === '') {
    throw new FleetError('invalid', 'only text, newlines and tabs can be pasted', { reason: 'control-character' })
  }
  if (pid !== undefined && !Number.isSafeInteger(pid)) throw new FleetError('invalid', `bad process id ${pid}`)
  if (!/^\$\d+$/.test(sessionId)) throw new FleetError('invalid', `bad session id ${JSON.stringify(sessionId)}`)
  const buffer = bufferName()
  const target = paneTarget(session)
  const refuse = `delete-buffer -b ${buffer} ; display-message -p -t '${target}' '${REFUSED} ${STATE} #{pane_pid}'`
  const type = `paste-buffer -p -r -d -b ${buffer} -t '${target}' ; send-keys -t '${target}' ${key} ; display-message -p ${PASTED}`
  // A person can have split the window, and another program stand where the agent's was.
  const isProcess = pid === undefined ? '1' : `#{==:#{pane_pid},${pid}}`
  const { stdout, failure } = await tmux.run(
    [
      ['load-buffer', '-b', buffer, '-'],
      ['if-shell', '-F', '-t', target, `#{&&:#{==:${STATE},000${sessionId}},${isProcess}}`, type, refuse],
    ],
    { stdin: text },
  )
  const said = stdout.trim()
  if (failure === undefined && said === PASTED) return { outcome: 'pasted' }
  // Of a pane that is not there, every variable is empty.
  if (said === REFUSED) return { outcome: 'refused', because: 'no-session' }
  const state = new RegExp(`^${REFUSED} (\\d)(\\d+)(\\d)(\\$\\d+) (\\d+)$`).exec(said)
  if (state !== null) return { outcome: 'refused', because: reasonOf(state, into) }
  if (failure?.kind === 'absent') return { outcome: 'refused', because: 'no-session' }
  throw tmuxError(failure ?? { kind: 'other', text: `unexpected answer ${JSON.stringify(stdout)}` }, `cannot type into ${session}`)
}

function reasonOf(state: RegExpExecArray, { sessionId, pid }: PasteTarget): 'dead' | 'copy-mode' | 'other-incarnation' {
  if (state[4] !== sessionId) return 'other-incarnation'
  if (state[1] === '1') return 'dead'
  return pid === undefined || state[5] === String(pid) ? 'copy-mode' : 'other-incarnation'
}

/** Removes buffers of senders that were killed between loading and typing. */
export async function sweepPasteBuffers(tmux: Tmux): Promise<void> {
  const { stdout, failure } = await tmux.run([['list-buffers', '-F', '#{buffer_name}']])
  if (failure !== undefined) return
  const stale = stdout.split('\n').filter((name) => {
    const maker = name.startsWith(BUFFER_PREFIX) ? Number.parseInt(name.slice(BUFFER_PREFIX.length), 10) : Number.NaN
    return Number.isInteger(maker) && processState(maker) !== 'running'
  })
  // One by one: a buffer may be gone already, and a failure ends its invocation.
  for (const name of stale) await tmux.run([['delete-buffer', '-b', name]])
}
