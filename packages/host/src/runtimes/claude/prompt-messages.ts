/** Which of the messages that were accepted a prompt is made of: one as a rule, several when a person took them out of the queue together. */

import { messageIdOf } from '@mosaic/domain/preamble'
import type { AcceptedMessage } from '../../signals/inbox.ts'
import { withoutPasteMark } from './transcript-line.ts'

/** The same for a text and for what the composer makes of it. */
const plain = (text: string): string => text.replaceAll('\t', '    ').normalize('NFC').trim()

/**
 * An id alone proves nothing, because every message can quote another: what is not at the head of the prompt counts where its
 * own text stands there, and outside of the text of another message.
 * @returns ids, that of the head last: it is the one by which a prompt is known as worked off when it is read again
 */
export function messagesIn(prompt: string, pending: readonly AcceptedMessage[]): string[] {
  const head = messageIdOf(withoutPasteMark(prompt))
  let rest = plain(prompt)
  const found = new Set<string>()
  // Whoever quotes is longer than what it quotes.
  const texts = pending.map(({ id, text }) => ({ id, text: plain(text) })).sort((a, b) => b.text.length - a.text.length)
  for (const { id, text } of texts) {
    const at = rest.indexOf(text)
    if (at === -1) continue
    rest = `${rest.slice(0, at)}\n${rest.slice(at + text.length)}`
    found.add(id)
  }
  if (head === undefined) return [...found]
  // Of one that is done, or that a person changed, it is not known where it ends: another can be a quotation, and comes twice rather than never.
  return found.delete(head) ? [...found, head] : [head]
}
