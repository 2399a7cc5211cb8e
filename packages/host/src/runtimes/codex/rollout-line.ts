/** What a line of codex's rollout file, its own durable record of a conversation, says. */

import { messageIdOf } from '@mosaic/domain/preamble'
import type { LimitWindow, SignalBody } from '@mosaic/domain/signal'
import { type Fields, fieldsOf, isFields, listOf, textOf } from '../fields.ts'
import { type ErrorSignal, errorSignal } from './failure.ts'

export type UsageSignal = Extract<SignalBody, { kind: 'usage' }>
export type RolloutFact =
  | { fact: 'turn-started'; turn: string }
  | { fact: 'turn-ended'; turn: string; error: ErrorSignal | undefined }
  /** Somebody's words went into a turn. `id`: of the fleet's message that they are. */
  | { fact: 'user'; turn: string; id: string | undefined }
  | { fact: 'model'; model: string }
  | { fact: 'usage'; key: string; tokens: Omit<UsageSignal['usage'], 'model'> }
  | { fact: 'context'; used: number | null; limit: number | null }
  | { fact: 'limits'; windows: LimitWindow[] }
  | { fact: 'compacted' }

const numberOf = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0)
const numberOrNull = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null)

/** The text of a user's message, its parts joined as they are. */
export const userText = (content: unknown): string =>
  listOf(content)
    .map((part) => textOf(fieldsOf(part)['text']) ?? '')
    .join('')

/** Codex counts cached tokens as part of the input; the fleet counts each token once. Reasoning is part of the output. */
function tokensOf(usage: Fields): Omit<UsageSignal['usage'], 'model'> {
  const [cached, written] = [numberOf(usage['cached_input_tokens']), numberOf(usage['cache_write_input_tokens'])]
  return {
    input: Math.max(0, numberOf(usage['input_tokens']) - cached - written),
    output: numberOf(usage['output_tokens']),
    cache_read: cached,
    cache_write: written,
    reasoning: numberOf(usage['reasoning_output_tokens']),
    cost_usd: null,
  }
}

function windowsOf(limits: Fields): LimitWindow[] {
  return ['primary', 'secondary'].flatMap((name) => {
    const window = limits[name]
    if (!isFields(window) || typeof window['used_percent'] !== 'number') return []
    const resetsAt = numberOrNull(window['resets_at'])
    const used_percent = window['used_percent']
    return [{ name, used_percent, minutes: numberOrNull(window['window_minutes']), resets_at: resetsAt === null ? null : resetsAt * 1000 }]
  })
}

function tokenCount(payload: Fields): RolloutFact[] {
  const facts: RolloutFact[] = []
  const { info, rate_limits: limits } = payload as { info?: unknown; rate_limits?: unknown }
  if (isFields(info)) {
    const used = numberOrNull(fieldsOf(info['last_token_usage'])['total_tokens'])
    facts.push({ fact: 'context', used, limit: numberOrNull(info['model_context_window']) })
  }
  if (isFields(limits)) facts.push({ fact: 'limits', windows: windowsOf(limits) })
  return facts
}

function eventFacts(payload: Fields): RolloutFact[] {
  const turn = textOf(payload['turn_id']) ?? ''
  switch (payload['type']) {
    case 'task_started':
      return [{ fact: 'turn-started', turn }]
    case 'turn_aborted':
      return [{ fact: 'turn-ended', turn, error: undefined }]
    case 'task_complete': {
      const { error } = payload as { error?: unknown }
      return [{ fact: 'turn-ended', turn, error: isFields(error) ? errorSignal(error) : undefined }]
    }
    case 'item_completed': {
      const item = fieldsOf(payload['item'])
      return item['type'] === 'UserMessage' ? [{ fact: 'user', turn, id: messageIdOf(userText(item['content'])) }] : []
    }
    case 'token_count':
      return tokenCount(payload)
    default:
      return []
  }
}

function factsIn(type: unknown, payload: Fields): RolloutFact[] {
  if (type === 'event_msg') return eventFacts(payload)
  if (type === 'compacted') return [{ fact: 'compacted' }]
  if (type === 'turn_context') {
    const model = textOf(payload['model'])
    return model === undefined ? [] : [{ fact: 'model', model }]
  }
  if (type !== 'token_usage_record') return []
  const response = textOf(payload['response_id'])
  return response === undefined ? [] : [{ fact: 'usage', key: `codex:${response}`, tokens: tokensOf(fieldsOf(payload['usage'])) }]
}

/** Kinds of lines that say something here; the others, which hold whole model answers, are not even parsed. */
const TELLING = /^.{0,120}"type":"(?:event_msg|token_usage_record|turn_context|compacted)"/

export function rolloutFacts(line: string): RolloutFact[] {
  if (!TELLING.test(line)) return []
  try {
    const { type, payload } = fieldsOf(JSON.parse(line))
    return factsIn(type, fieldsOf(payload))
  } catch {
    return []
  }
}
