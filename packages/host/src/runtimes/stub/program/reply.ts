/** What the stub answers. */

import { createHash } from 'node:crypto'
import { messageIdOf } from '@mosaic/domain/preamble'

export const bytesOf = (text: string): number => Buffer.byteLength(text, 'utf8')

/** Deterministic: the same text has the same answer. */
export function replyTo(text: string): string {
  const content = messageIdOf(text) === undefined ? text : text.slice(text.indexOf('\n') + 1)
  const first = content.split('\n').find((line) => line.trim() !== '') ?? ''
  const shown = first.length > 60 || content.length > first.length ? `${first.slice(0, 60)}…` : first
  const digest = createHash('sha1').update(content, 'utf8').digest('hex').slice(0, 10)
  return `You said: ${shown} (${bytesOf(content)} bytes, sha1 ${digest})`
}
