/** Receipts in words. */

import { displaySafe } from '@mosaic/domain/display'
import type { BlockReason, Receipt } from '@mosaic/domain/message'
import { inWords } from '../output/duration.ts'
import type { Style } from '../output/style.ts'

/** What the sender can do about each reason. */
const MENDS: Readonly<Record<BlockReason, (name: string, id: string) => string>> = {
  'not-running': (name) => `mosaic fleet start ${name}`,
  dead: (name) => `mosaic agent status ${name}`,
  starting: () => 'wait until it is ready, then send again',
  hung: (name) => `look at it: mosaic agent watch ${name}; or mosaic fleet restart ${name}`,
  dialog: (name) => `answer what it asks: mosaic agent attach ${name}`,
  unavailable: (name) => `do what it says: mosaic agent attach ${name}`,
  draft: (name) => `send or clear the text in its composer: mosaic agent attach ${name}`,
  'copy-mode': (name) => `somebody scrolls in its pane: leave copy mode with q, mosaic agent attach ${name}`,
  'foreign-process': (name) => `mosaic fleet restart ${name}`,
  queued: (_, id) => `mosaic agent receipt ${id}`,
  unverifiable: (_, id) => `it may still be accepted: mosaic agent receipt ${id}`,
  timeout: (name) => `mosaic agent status ${name}`,
  paused: () => 'mosaic fleet resume',
}

export const sessionOf = (address: string): string => address.slice(address.lastIndexOf(':') + 1)

export function mendOf(receipt: Receipt): string | undefined {
  return receipt.state === 'accepted' || receipt.reason === null ? undefined : MENDS[receipt.reason](sessionOf(receipt.to), receipt.id)
}

const MODES = { turn: '', queued: ', queued behind its turn', steered: ', steers its turn' } as const

function acceptedText(receipt: Receipt, style: Style): string {
  const latency = receipt.latency_ms === null ? '' : ` in ${inWords(receipt.latency_ms)}`
  const signal = receipt.signal === null ? '' : ` (${receipt.signal}${MODES[receipt.mode ?? 'turn']})`
  return `${style.green('accepted')} by ${sessionOf(receipt.to)}${latency}${signal} #${receipt.id}`
}

function reasonText(receipt: Receipt): string {
  const { reason, detail } = receipt
  if (reason === null) return detail === null ? '' : `: ${displaySafe(detail)}`
  return `: ${reason}${detail === null ? '' : `, ${displaySafe(detail)}`}`
}

/** After a send that did not wait. */
export function storedText(receipt: Receipt, style: Style): string {
  if (receipt.state === 'accepted') return acceptedText(receipt, style)
  return `${style.cyan(receipt.state)} for ${sessionOf(receipt.to)} #${receipt.id}${reasonText(receipt)}`
}

/**
 * After a send that waited: accepted, or why not and what to do.
 * @param stored false: no receipt is kept, and no id is given that would lead to none
 */
export function verifiedText(receipt: Receipt, style: Style, stored = true): string {
  if (receipt.state === 'accepted') return acceptedText(receipt, style)
  const mend = mendOf(receipt) ?? `mosaic agent receipt ${receipt.id}`
  const goesOn = receipt.state === 'stored' ? '; it stays stored and is delivered when it can be' : ''
  const why = reasonText(receipt) === '' ? `: still ${receipt.state} when the time was up` : `${reasonText(receipt)}${goesOn}`
  const first = `${style.red('not accepted')} by ${sessionOf(receipt.to)}${why}${stored ? ` #${receipt.id}` : ''}`
  return `${first}\n  ${style.dim('mend:')} ${mend}`
}

/** Everything a receipt says, a line per fact. */
export function receiptLines(receipt: Receipt): string[] {
  const facts: [string, string | number | null][] = [
    ['id', receipt.id],
    ['from', receipt.from],
    ['to', receipt.to],
    ['state', receipt.state],
    ['reason', receipt.reason],
    ['detail', receipt.detail],
    ['signal', receipt.signal],
    ['mode', receipt.mode],
    ['attempts', receipt.attempts],
    ['bytes', receipt.bytes],
    ['created', receipt.created_at],
    ['injected', receipt.injected_at],
    ['accepted', receipt.accepted_at],
    ['latency', receipt.latency_ms === null ? null : inWords(receipt.latency_ms)],
  ]
  const mend = mendOf(receipt)
  const shown = facts.filter(([, value]) => value !== null).map(([key, value]) => `${`${key}:`.padEnd(10)}${displaySafe(String(value))}`)
  return mend === undefined ? shown : [...shown, `${'mend:'.padEnd(10)}${mend}`]
}
