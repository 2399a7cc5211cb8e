/** Ids under which OpenCode keeps our messages: the same for the same message in the same conversation, however often it is sent. */

import { createHash } from 'node:crypto'

/** Its own ids begin with the time, in this unit, cut to 48 bits; its terminal shows messages in the order of their ids. */
const PER_MS = 0x1000n
const BITS = 48
const DIGITS = BITS / 4
/** Characters after the time, as in its own ids. */
const REST = 14

/** @param sessionID is part of it: OpenCode keeps one message per id over all conversations */
export function promptIds(message: { id: string; createdAtMs: number }, sessionID: string): { messageID: string; partID: string } {
  const time = BigInt.asUintN(BITS, BigInt(Math.trunc(message.createdAtMs)) * PER_MS)
    .toString(16)
    .padStart(DIGITS, '0')
  const rest = createHash('sha256').update(`${message.id} ${sessionID}`).digest('hex').slice(0, REST)
  return { messageID: `msg_${time}${rest}`, partID: `prt_${time}${rest}` }
}
