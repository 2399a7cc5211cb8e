/** What a conversation holds that no answer followed: after a kill, a denied permission, or an interruption. */

import { fleetIdOf, type StoredMessage } from './api.ts'

/** @param messages the newest of a conversation, oldest first */
export function trailingUserMessages(messages: readonly StoredMessage[]): readonly StoredMessage[] {
  const lastAnswer = messages.findLastIndex(({ info }) => info.role === 'assistant')
  return messages.slice(lastAnswer + 1)
}

/**
 * The message of ours that the model is to be woken for while nothing works: the last that came behind all answers, or the
 * one whose answer broke off with its process. A turn that a person broke off has an error, and is left as it is.
 */
export function leftUndone(messages: readonly StoredMessage[], afterKill: boolean): StoredMessage | undefined {
  const behind = trailingUserMessages(messages).findLast((message) => fleetIdOf(message) !== undefined)
  if (behind !== undefined || !afterKill) return behind
  const last = messages.at(-1)
  if (last?.info.role !== 'assistant' || last.info.completedMs !== undefined || last.info.error !== undefined) return undefined
  const asked = messages.find(({ info }) => info.id === last.info.parentID)
  return asked !== undefined && fleetIdOf(asked) !== undefined ? asked : undefined
}
