/** What became of accepted messages when pi ended in the middle of them. */

import { messageIdOf } from '@mosaic/domain/preamble'
import type { AcceptedMessage } from '../../signals/inbox.ts'
import { type PiEntry, textOf } from './pi-api.ts'

export interface Unfinished {
  /** Not in the conversation: to be given again. */
  lost: AcceptedMessage[]
  /** In the conversation without an answer after it. */
  interrupted: string[]
  answered: string[]
}

/** Stop reasons after which the model goes on by itself, or did not get to its answer. */
const UNANSWERED = new Set(['toolUse', 'error', 'pending', 'deferred'])

/** @param branch the conversation, oldest first */
export function unfinishedIn(branch: readonly PiEntry[], pending: readonly AcceptedMessage[]): Unfinished {
  const unfinished: Unfinished = { lost: [], interrupted: [], answered: [] }
  if (pending.length === 0) return unfinished
  const placeOf = new Map<string, number>()
  let lastAnswer = -1
  for (const [index, { message }] of branch.entries()) {
    if (message?.role === 'assistant' && !UNANSWERED.has(message.stopReason ?? '')) lastAnswer = index
    const id = message?.role === 'user' ? messageIdOf(textOf(message)) : undefined
    if (id !== undefined) placeOf.set(id, index)
  }
  for (const message of pending) {
    const place = placeOf.get(message.id)
    if (place === undefined) unfinished.lost.push(message)
    else if (place > lastAnswer) unfinished.interrupted.push(message.id)
    else unfinished.answered.push(message.id)
  }
  return unfinished
}
