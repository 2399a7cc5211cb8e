/** An agent's correspondence as it sees it. */

import { type Address, formatAddress } from '@mosaic/domain/address'
import { FleetError } from '@mosaic/domain/error'
import type { Letter, PostOffice } from '../mailbox/post-office.ts'

/** Characters of a text that a list shows. */
const SHOWN_CHARACTERS = 2_000

/** No longer than that, and not half of a character. */
const beginningOf = (text: string): string => text.slice(0, SHOWN_CHARACTERS).replace(/[\ud800-\udbff]$/, '')

/** The text stands as it was stored: a model must be able to copy it, and JSON quotes what is not to be taken for anything else. */
function entryOf({ receipt, text }: Letter, own: string, shown: string) {
  return {
    id: receipt.id,
    direction: receipt.from === own ? 'sent' : 'received',
    from: receipt.from,
    to: receipt.to,
    state: receipt.state,
    reason: receipt.reason,
    detail: receipt.detail,
    created_at: receipt.created_at,
    accepted_at: receipt.accepted_at,
    text: shown,
    characters_left_out: text.length - shown.length,
  }
}

/** Newest first, with the beginnings of the texts. */
export function inboxOf(post: PostOffice, address: Address, limit: number) {
  const own = formatAddress(address)
  const messages = post.correspondence(address, limit).map((letter) => entryOf(letter, own, beginningOf(letter.text)))
  const isCut = messages.some((message) => message.characters_left_out > 0)
  return isCut ? { messages, whole_text: 'fleet_inbox with the id of a message shows all of its text' } : { messages }
}

/**
 * One message, whole.
 * @throws FleetError `not_found`, also for a message of others
 */
export function letterOf(post: PostOffice, address: Address, id: string) {
  const letter = post.letter(address, id)
  if (letter === undefined)
    throw new FleetError('not_found', `no message ${id} was sent to you or by you`, { mend: 'fleet_inbox without an id' })
  return { messages: [entryOf(letter, formatAddress(address), letter.text)] }
}
