/** What a signal says of the acceptance of a message. */

import type { Signal } from '@mosaic/domain/signal'

export interface Acceptance {
  id: string
  /** The runtime's word, as a receipt names it. */
  signal: string
  mode: 'turn' | 'queued' | 'steered' | null
  /** The runtime's own time, epoch milliseconds. */
  atMs: number
}

/** `undefined` when it says nothing of that. */
export function acceptanceBy(signal: Signal, word: () => string): Acceptance | undefined {
  if (signal.kind === 'accepted') return { id: signal.id, signal: word(), mode: signal.mode, atMs: signal.at }
  if (signal.kind === 'duplicate') return { id: signal.id, signal: `${word()} (duplicate)`, mode: null, atMs: signal.at }
  return undefined
}
