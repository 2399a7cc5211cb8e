/** What adapters of runtimes with a link share. */

import type { NativeResult, ResetResult, RuntimeAnswer } from '@mosaic/domain/ports/runtime'
import { ACTIVITIES, type Activity } from '@mosaic/domain/signal'
import type { LinkClient } from '../link/link-client.ts'
import { UNKNOWN_OP } from '../link/link-protocol.ts'

/** A runtime may first have to end what it is doing. */
const RESET_TIMEOUT_MS = 15_000
/** A living runtime answers within milliseconds; a machine under load within a second. */
const DELIVER_TIMEOUT_MS = 5000

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const numberOr = <T>(value: unknown, otherwise: T): number | T => (typeof value === 'number' && Number.isFinite(value) ? value : otherwise)

/** The answer in what a runtime sent, or `undefined` for anything else: its process is not trusted to be well-behaved. */
export function parseRuntimeAnswer(value: unknown): RuntimeAnswer | undefined {
  if (!isRecord(value)) return undefined
  const activity: Activity | undefined = ACTIVITIES.find((known) => known === value['activity'])
  const pid = numberOr(value['pid'], undefined)
  if (activity === undefined || pid === undefined) return undefined
  return {
    pid,
    activity,
    detail: textOrNull(value['detail']),
    ready: value['ready'] === true,
    turn: numberOr(value['turn'], 0),
    model: textOrNull(value['model']),
    contextUsed: numberOr(value['contextUsed'], null),
  }
}

export async function askOver(link: LinkClient, timeoutMs: number): Promise<RuntimeAnswer | undefined> {
  const reply = await link.request('ask', {}, timeoutMs)
  return reply.got === 'value' ? parseRuntimeAnswer(reply.value) : undefined
}

const REFUSALS = ['dialog', 'draft', 'starting', 'hung', 'unavailable'] as const

/**
 * Hands a message over. Silence or an error after it was sent is `handed-over`: it may have been kept before that, and only
 * the journal can tell; `refused` is said when it certainly was not.
 */
export async function deliverOver(link: LinkClient, message: { id: string; urgent: boolean }, rendered: string): Promise<NativeResult> {
  const fields = { messageId: message.id, text: rendered, urgent: message.urgent }
  const reply = await link.request('deliver', fields, DELIVER_TIMEOUT_MS)
  if (reply.got === 'silence' || reply.got === 'error') return { outcome: 'handed-over' }
  if (reply.got === 'unreachable') return { outcome: 'refused', because: 'hung', detail: 'nothing listens on its link' }
  if (isRecord(reply.value) && reply.value['outcome'] === 'refused') {
    const { because, detail } = reply.value
    return { outcome: 'refused', because: REFUSALS.find((known) => known === because) ?? 'hung', detail: textOrNull(detail) ?? '' }
  }
  return { outcome: 'handed-over' }
}

/** The runtime's own reset. Silence is no reset, and not a lack of one: it may be frozen, or end a turn first. */
export async function resetOver(link: LinkClient): Promise<ResetResult> {
  const reply = await link.request('reset', {}, RESET_TIMEOUT_MS)
  if (reply.got === 'error' && reply.error === UNKNOWN_OP) return 'none'
  return reply.got === 'value' && reply.value === true ? 'done' : 'failed'
}
