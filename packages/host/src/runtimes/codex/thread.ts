/** A conversation as the app-server tells of it. */

import type { Activity } from '@mosaic/domain/signal'
import { type Fields, fieldsOf, listOf, textOf } from '../fields.ts'
import { isThreadId } from './thread-file.ts'

export type ThreadState = 'idle' | 'busy' | 'approval' | 'input' | 'unloaded'

export interface Thread {
  id: string
  state: ThreadState
  rollout: string
  name: string | undefined
  /** True before its first turn. */
  fresh: boolean
  /** True when codex can take turns of it back. */
  revertible: boolean
}

export function stateOf(status: unknown): ThreadState {
  const { type, activeFlags } = fieldsOf(status)
  if (type === 'notLoaded') return 'unloaded'
  if (type !== 'active') return 'idle'
  const flags = listOf(activeFlags)
  return flags.includes('waitingOnApproval') ? 'approval' : flags.includes('waitingOnUserInput') ? 'input' : 'busy'
}

/** `undefined` for what is no conversation with a person: titles, reviews and helpers of a conversation have threads, too. */
export function threadOf(value: unknown): Thread | undefined {
  const thread = fieldsOf(value)
  const { id, path, ephemeral, parentThreadId, name, preview, historyMode } = thread
  if (!isThreadId(id) || typeof path !== 'string' || ephemeral === true || typeof parentThreadId === 'string') return undefined
  return {
    id,
    state: stateOf(thread['status']),
    rollout: path,
    name: textOf(name),
    fresh: preview === '',
    revertible: historyMode === 'paginated',
  }
}

export const activityOf = (state: ThreadState): Activity =>
  state === 'busy' ? 'busy' : state === 'approval' || state === 'input' ? 'waiting' : 'idle'

const MAX_QUESTION = 500

/** What a person is asked, in one line: the beginning of a command that is a whole script. */
export function questionOf(method: string, params: Fields): string {
  const command = textOf(params['command'])
  const reason = textOf(params['reason'])
  const [question] = listOf(params['questions']).map((each) => textOf(fieldsOf(each)['question']))
  const message = textOf(params['message'])
  const what = command ?? question ?? message ?? method.replace(/^item\//, '').replace(/\/requestApproval$/, '')
  return (reason === undefined ? what : `${what} (${reason})`).slice(0, MAX_QUESTION)
}
