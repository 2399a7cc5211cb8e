/**
 * What a runtime says of itself, as lines of its signal journal: the machine's own word, never the screen's.
 * A journal is append-only and synced before the runtime acts on what it said, so nothing is lost while nobody reads.
 */

import { z } from 'zod'

export const ACTIVITIES = ['idle', 'busy', 'waiting', 'draft'] as const
export type Activity = (typeof ACTIVITIES)[number]

/** The last date there is, epoch milliseconds. */
const MAX_DATE_MS = 8.64e15

const base = {
  v: z.literal(1),
  /** Epoch milliseconds, with fraction, by the runtime's clock: a date, whatever the runtime writes. */
  at: z.number().min(0).max(MAX_DATE_MS),
  /** The runtime's process. */
  pid: z.number().int().positive(),
}

const usage = z.object({
  input: z.number(),
  output: z.number(),
  cache_read: z.number(),
  cache_write: z.number(),
  reasoning: z.number(),
  cost_usd: z.number().nullable(),
  model: z.string().nullable(),
})

const window = z.object({
  /** As the provider names it: `five_hour`, `primary`. */
  name: z.string().max(64),
  /** 0 to 100 and more. */
  used_percent: z.number(),
  /** Its length, minutes. */
  minutes: z.number().nullable(),
  /** Epoch milliseconds. */
  resets_at: z.number().nullable(),
})
export type LimitWindow = z.infer<typeof window>

export const SignalSchema = z.discriminatedUnion('kind', [
  z.object({ ...base, kind: z.literal('started'), session: z.string().nullable() }),
  /** From now on input is taken. */
  z.object({ ...base, kind: z.literal('ready') }),
  /** This message was taken, once. `mode` says whether it opened a turn or waits behind one. */
  z.object({ ...base, kind: z.literal('accepted'), id: z.string(), mode: z.enum(['turn', 'queued', 'steered']) }),
  /** A message that had been accepted came again and was dropped. */
  z.object({ ...base, kind: z.literal('duplicate'), id: z.string() }),
  z.object({ ...base, kind: z.literal('activity'), activity: z.enum(ACTIVITIES), detail: z.string().nullable() }),
  z.object({ ...base, kind: z.literal('turn'), phase: z.enum(['started', 'ended']), turn: z.number().int() }),
  /** Tokens of one finished model call; `key` is unique, so that a repeat is not counted twice. */
  z.object({ ...base, kind: z.literal('usage'), key: z.string(), usage }),
  z.object({ ...base, kind: z.literal('context'), used: z.number().nullable(), limit: z.number().nullable() }),
  z.object({ ...base, kind: z.literal('model'), model: z.string() }),
  z.object({ ...base, kind: z.literal('compaction'), phase: z.enum(['started', 'ended']) }),
  /** Windows of the account's subscription, as the runtime tells them; one that it does not name any more is gone. */
  z.object({ ...base, kind: z.literal('limits'), windows: z.array(window).max(16) }),
  /** Its last call of the model failed. `until` (epoch milliseconds): when it may go on. */
  z.object({ ...base, kind: z.literal('error'), reason: z.string(), detail: z.string(), until: z.number().nullable() }),
  /** A call of the model went well after an error. */
  z.object({ ...base, kind: z.literal('recovered') }),
  z.object({ ...base, kind: z.literal('stopped') }),
])
export type Signal = z.infer<typeof SignalSchema>
export type SignalKind = Signal['kind']

/** A signal without what the writer adds. */
export type SignalBody = Signal extends infer S ? (S extends Signal ? Omit<S, 'v' | 'at' | 'pid'> : never) : never

/** A longer journal line is not a signal. */
export const MAX_SIGNAL_BYTES = 16 * 1024

/** The signal in one journal line, or `undefined` for a line that is none. */
export function parseSignal(text: string): Signal | undefined {
  if (text.length === 0 || text.length > MAX_SIGNAL_BYTES) return undefined
  try {
    const result = SignalSchema.safeParse(JSON.parse(text))
    return result.success ? result.data : undefined
  } catch {
    return undefined
  }
}
