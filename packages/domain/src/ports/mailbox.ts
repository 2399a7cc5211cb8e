/** The spool: messages and their receipts, durable, in order per receiver. */

import type { BlockReason, Message, MessageHead, Receipt, ReceiptEvent, ReceiptState } from '../message.ts'

/** An unsettled message, without its text. */
export interface SpooledMessage {
  message: MessageHead
  state: ReceiptState
  attempts: number
  /** The launch id of the incarnation it was handed to. */
  incarnation: string | null
}

export interface ReceiptChange {
  event: ReceiptEvent
  reason?: BlockReason
  detail?: string
  signal?: string
  /** `null`: accepted, and how is not known. */
  mode?: 'turn' | 'queued' | 'steered' | null
  atMs: number
  incarnation?: string
}

/** No act reads the texts of messages that it is not about: a receiver may have many large ones waiting. */
export interface Spool {
  /** Stores durably before it returns. The same id again returns the receipt that exists and stores nothing. */
  store(message: Message): Receipt
  /** Applies the receipt table durably; an event that changes nothing in this state returns the receipt as it is. */
  apply(id: string, change: ReceiptChange): Receipt
  /** Records why those that wait in state `stored` from these senders (their sessions) are held back, without a change of state. */
  hold(session: string, senders: readonly string[], reason: BlockReason, detail: string): void
  /** Expires all of a receiver that wait in state `stored` and are overdue, each with the reason that held it back. */
  expireWaiting(session: string, atMs: number): Receipt[]
  /** The one under way, else the oldest that waits; `senders`: of those, by their sessions. */
  first(session: string, senders?: readonly string[]): SpooledMessage | undefined
  /** Sessions that have messages waiting for this receiver. */
  senders(session: string): string[]
  /** When the first of a receiver's unsettled messages is overdue (epoch ms). */
  nearestDeadlineMs(session: string): number | undefined
  message(id: string): Message | undefined
  /** Unsettled messages of a receiver in the order they were stored. */
  pending(session: string): SpooledMessage[]
  /** Receivers that have unsettled messages. */
  receivers(): { session: string; queued: number }[]
  receipt(id: string): Receipt | undefined
  /** Receipts of one receiver, newest first. */
  receipts(session: string, limit: number): Receipt[]
  /** Removes settled receipts older than `beforeMs` (epoch). */
  prune(beforeMs: number): number
  close(): void
}
