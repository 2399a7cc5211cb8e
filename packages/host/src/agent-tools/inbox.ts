/** An agent's correspondence as it sees it. */

import { type Address, formatAddress } from '@mosaic/domain/address'
import { displaySafeText } from '@mosaic/domain/display'
import type { PostOffice } from '../mailbox/post-office.ts'

/** Characters of a text that are shown; the rest was delivered, or will be. */
const SHOWN_CHARACTERS = 2_000

/** Newest first. */
export function inboxOf(post: PostOffice, address: Address, limit: number) {
  const own = formatAddress(address)
  return post.correspondence(address, limit).map(({ receipt, text }) => ({
    id: receipt.id,
    direction: receipt.from === own ? 'sent' : 'received',
    from: receipt.from,
    to: receipt.to,
    state: receipt.state,
    reason: receipt.reason,
    detail: receipt.detail,
    created_at: receipt.created_at,
    accepted_at: receipt.accepted_at,
    text: displaySafeText(text.slice(0, SHOWN_CHARACTERS)),
    characters_left_out: Math.max(0, text.length - SHOWN_CHARACTERS),
  }))
}
