/** Messages to agents: what may be in them, how they are rendered, and the total table of what can become of one. */

import { z } from 'zod'
import { type Address, formatAddress } from './address.ts'

export const RECEIPT_STATES = ['stored', 'injecting', 'injected', 'accepted', 'refused', 'unconfirmed'] as const
export type ReceiptState = (typeof RECEIPT_STATES)[number]

export const RECEIPT_EVENTS = [
  /** The one injector took it. */
  'claim',
  /** Nothing was typed; it goes back to its place in the queue. */
  'postpone',
  /** The bytes were handed over, Enter included. */
  'injected',
  /** The runtime itself named this message's id. */
  'accept',
  /** It will never be delivered, and nothing of it was. */
  'refuse',
  /** Its deadline passed. */
  'expire',
  /** The runtime that was given it ended without having accepted it. */
  'requeue',
] as const
export type ReceiptEvent = (typeof RECEIPT_EVENTS)[number]

/** `undefined` means that the event changes nothing in that state. */
export const RECEIPT_TABLE: Readonly<Record<ReceiptState, Readonly<Record<ReceiptEvent, ReceiptState | undefined>>>> = {
  stored: {
    claim: 'injecting',
    postpone: undefined,
    injected: undefined,
    accept: 'accepted',
    refuse: 'refused',
    expire: 'refused',
    requeue: undefined,
  },
  injecting: {
    claim: undefined,
    postpone: 'stored',
    injected: 'injected',
    accept: 'accepted',
    refuse: undefined,
    // Whether bytes arrived is not known any more: fail closed, and say that it may still be accepted.
    expire: 'unconfirmed',
    requeue: 'stored',
  },
  injected: {
    claim: undefined,
    postpone: undefined,
    injected: undefined,
    accept: 'accepted',
    refuse: undefined,
    expire: 'unconfirmed',
    requeue: 'stored',
  },
  accepted: {
    claim: undefined,
    postpone: undefined,
    injected: undefined,
    accept: undefined,
    refuse: undefined,
    expire: undefined,
    requeue: undefined,
  },
  refused: {
    claim: undefined,
    postpone: undefined,
    injected: undefined,
    // The runtime's own word is the truth, whatever was believed.
    accept: 'accepted',
    refuse: undefined,
    expire: undefined,
    requeue: undefined,
  },
  // A late acceptance is still the truth.
  unconfirmed: {
    claim: undefined,
    postpone: undefined,
    injected: undefined,
    accept: 'accepted',
    refuse: undefined,
    expire: undefined,
    requeue: undefined,
  },
}

/**
 * What `event` makes of `state`; `undefined`: nothing.
 * @param attempts how often it was handed over before: a message that an earlier life was given, and that waits for the
 *   next one, may have been accepted by the first, so it cannot end as refused
 */
export function nextReceiptState(state: ReceiptState, event: ReceiptEvent, attempts = 0): ReceiptState | undefined {
  const to = RECEIPT_TABLE[state][event]
  return to === 'refused' && attempts > 0 ? 'unconfirmed' : to
}

/** True when nothing but a late acceptance can change it. */
export const isSettled = (state: ReceiptState): boolean => state === 'accepted' || state === 'refused' || state === 'unconfirmed'

/**
 * Why a message is not accepted (yet). `stored` messages carry the reason that holds them back; a refused or
 * unconfirmed receipt carries the reason it ended with.
 */
export const BLOCK_REASONS = [
  /** Not meant to run, or no session. */
  'not-running',
  /** Its process ended and it is not back yet, or it is given up after a crash loop. */
  'dead',
  /** The runtime has not said that it is ready. */
  'starting',
  /** The runtime does not answer. */
  'hung',
  /** A permission or question is open: Enter would answer it. */
  'dialog',
  /** The runtime is up and cannot work: no login, no model, its account at its limit. */
  'unavailable',
  /** The composer holds text that is not ours. */
  'draft',
  /** A person scrolls in it (copy mode). */
  'copy-mode',
  /** What runs there is not what the roster says, so it is not typed into. */
  'foreign-process',
  /** An earlier message to this agent is still under way. */
  'queued',
  /** Handed over, but the runtime has not said that it accepted. */
  'unverifiable',
  /** The deadline passed. */
  'timeout',
  /** The operator's PAUSED switch is on. */
  'paused',
] as const
export type BlockReason = (typeof BLOCK_REASONS)[number]

export const AddressSchema = z.object({ tenant_id: z.string(), host: z.string(), session: z.string() })

export const ReceiptSchema = z
  .object({
    id: z.string().describe('The message id; sending it again delivers nothing twice.'),
    tenant_id: z.string(),
    host: z.string(),
    from: z.string().describe('tenant@host:session'),
    to: z.string().describe('tenant@host:session'),
    state: z.enum(RECEIPT_STATES),
    reason: z.enum(BLOCK_REASONS).nullable().describe('Why it is not accepted.'),
    detail: z.string().nullable().describe('The reason in words.'),
    signal: z
      .string()
      .nullable()
      .describe(
        'What said that it was accepted, e.g. stub:accepted, pi:input; with "(duplicate)" when it only told that it dropped a repeat of it.',
      ),
    mode: z
      .enum(['turn', 'queued', 'steered'])
      .nullable()
      .describe('Whether it opened a turn, waits behind one, or steers it; null when that is not known.'),
    attempts: z.number().int().describe('How often it was handed over.'),
    bytes: z.number().int().describe('Size of the content in bytes of UTF-8.'),
    created_at: z.string(),
    injected_at: z.string().nullable(),
    accepted_at: z
      .string()
      .nullable()
      .describe("The runtime's own time of acceptance; when it only told of a dropped repeat, the time of that: it was accepted before."),
    latency_ms: z.number().nullable().describe('From stored to accepted; null when the time of acceptance is not known.'),
  })
  .describe('The proof of what became of a message.')
export type Receipt = z.infer<typeof ReceiptSchema>

export interface Message {
  id: string
  from: Address
  to: Address
  /** Already neutralised: text, newline, tab. */
  text: string
  urgent: boolean
  createdAtMs: number
  /** After this the sender is told "not accepted" (epoch ms); `undefined` waits as long as it takes. */
  deadlineAtMs: number | undefined
}

/** A message without its text, which may be large. */
export type MessageHead = Omit<Message, 'text'>

/** First line of every delivered message; a receiver answers by flipping the two addresses. */
export function preamble(message: Pick<Message, 'id' | 'from' | 'to'>): string {
  return `[${formatAddress(message.from)} -> ${formatAddress(message.to)} #${message.id}]`
}

/** Exactly what the runtime gets. */
export const renderMessage = (message: Message): string => `${preamble(message)}\n${message.text}`

export {
  DEFAULT_VERIFY_TIMEOUT_MS,
  isMessageId,
  MAX_MESSAGE_BYTES,
  messageId,
  messageText,
  OPERATOR_SESSION,
  SERVICE_SESSION,
  utf8Length,
} from './message-text.ts'
export { messageIdOf } from './preamble.ts'
