/** The text of a message and its id. Apart from `message.ts`, so that a sender loads no schemas. */

import { visibleControl } from './display.ts'
import { FleetError } from './error.ts'

/** Largest content, in bytes of UTF-8, before anything is made visible. */
export const MAX_MESSAGE_BYTES = 64 * 1024
export const DEFAULT_VERIFY_TIMEOUT_MS = 10_000

/** The session name of a person at a terminal, in `from`. */
export const OPERATOR_SESSION = 'operator'
/** The session name of the host service, in `from`. */
export const SERVICE_SESSION = 'mosaicd'

/**
 * Content as it will be delivered. Newline and tab stay; every other control character becomes a visible stand-in, so
 * that nothing can end a bracketed paste, press a key or move a cursor in any runtime.
 * @throws FleetError `invalid` when it is empty, too large, or not text.
 */
export function messageText(content: string): string {
  const bytes = utf8Length(content)
  if (bytes === 0) throw new FleetError('invalid', 'the message is empty', { mend: 'give --message, --file or text on stdin' })
  if (bytes > MAX_MESSAGE_BYTES) {
    throw new FleetError('invalid', `the message has ${bytes} bytes; at most ${MAX_MESSAGE_BYTES} are delivered`, {
      reason: 'too-large',
      mend: 'write it to a file and send its path',
    })
  }
  return content.toWellFormed().replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, visibleControl)
}

/** Bytes of `text` in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = 0
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4
  }
  return bytes
}

const ID = /^[0-9a-hjkmnp-tv-z]{26}$/
export const isMessageId = (text: string): boolean => ID.test(text)

/**
 * A time-sortable id of 26 characters (Crockford base 32, as ULID).
 * @param random 10 random bytes
 */
export function messageId(nowMs: number, random: Uint8Array): string {
  const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
  let value = BigInt(Math.floor(nowMs))
  for (const byte of random.subarray(0, 10)) value = (value << 8n) | BigInt(byte)
  let id = ''
  for (let index = 0; index < 26; index += 1) {
    id = (alphabet[Number(value & 31n)] ?? '') + id
    value >>= 5n
  }
  return id
}
