/** Signals about calls of the model, from the assistant's messages that OpenCode keeps. */

import type { SignalBody } from '@mosaic/domain/signal'
import { type Fields, fieldsOf, numberOf, textOf } from '../fields.ts'
import type { MessageInfo } from './api.ts'

const MAX_DETAIL = 1000
const count = (value: unknown): number => numberOf(value) ?? 0

export const modelNameOf = ({ fields }: MessageInfo): string | null => {
  const provider = textOf(fields['providerID'])
  const model = textOf(fields['modelID'])
  return model === undefined ? null : provider === undefined ? model : `${provider}/${model}`
}

interface Tokens {
  input: number
  output: number
  reasoning: number
  cacheRead: number
  cacheWrite: number
}

function tokensOf({ fields }: MessageInfo): Tokens {
  const tokens = fieldsOf(fields['tokens'])
  const cache = fieldsOf(tokens['cache'])
  const reasoning = count(tokens['reasoning'])
  return {
    input: count(tokens['input']),
    // OpenCode tells what was thought apart from what was said; both are billed as output.
    output: count(tokens['output']) + reasoning,
    reasoning,
    cacheRead: count(cache['read']),
    cacheWrite: count(cache['write']),
  }
}

/** Tokens that the conversation took up at the end of this call. */
export function contextUsedOf(info: MessageInfo): number {
  const { input, output, cacheRead, cacheWrite } = tokensOf(info)
  return input + output + cacheRead + cacheWrite
}

/**
 * The tokens of one ended call; `undefined` when it ended without any.
 * @param priced false when OpenCode knows no price of this model: a cost of zero then means that it is not known
 */
export function usageSignal(info: MessageInfo, priced: boolean): SignalBody | undefined {
  const { input, output, reasoning, cacheRead, cacheWrite } = tokensOf(info)
  if (input + output + cacheRead + cacheWrite === 0) return undefined
  const cost = count(info.fields['cost'])
  return {
    kind: 'usage',
    key: `opencode:${info.id}`,
    usage: {
      input,
      output,
      cache_read: cacheRead,
      cache_write: cacheWrite,
      reasoning,
      cost_usd: cost > 0 || priced ? cost : null,
      model: modelNameOf(info),
    },
  }
}

const NETWORK =
  /ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|unable to connect|connection (reset|refused|error)|fetch failed|socket/i
const LIMIT = /\b429\b|rate.?limit|too many requests|quota|usage limit|overloaded/i
const LOGIN = /\b401\b|\b403\b|unauthori[sz]ed|invalid (api|x-api).?key|authentication/i

/** The fleet's word for why a call failed. */
export function reasonOf(name: string, status: number | undefined, message: string): string {
  if (status === 429 || (status === undefined && LIMIT.test(message))) return 'rate-limited'
  if (name === 'ProviderAuthError' || status === 401 || status === 403 || (status === undefined && LOGIN.test(message))) return 'logged-out'
  return status === undefined && NETWORK.test(message) ? 'offline' : 'model'
}

/** When the provider takes requests again, epoch milliseconds, from `retry-after` (seconds, or a date). */
function retryAt(headers: Fields, nowMs: number): number | null {
  const value = textOf(headers['retry-after'])
  if (value === undefined) return null
  const seconds = Number(value)
  const at = Number.isFinite(seconds) ? nowMs + seconds * 1000 : Date.parse(value)
  return Number.isFinite(at) ? at : null
}

/** What an error of OpenCode says; `undefined` for a turn that a person or a reset broke off. */
export function errorSignal(error: Fields, nowMs: number): SignalBody | undefined {
  const name = textOf(error['name']) ?? 'Unknown'
  if (name === 'MessageAbortedError') return undefined
  const data = fieldsOf(error['data'])
  const message = textOf(data['message']) ?? name
  const until = retryAt(fieldsOf(data['responseHeaders']), nowMs)
  return { kind: 'error', reason: reasonOf(name, numberOf(data['statusCode']), message), detail: message.slice(0, MAX_DETAIL), until }
}

/** What OpenCode says of a call that failed and that it tries again by itself. */
export function retrySignal(status: Fields): SignalBody {
  const message = textOf(status['message']) ?? 'the model call failed'
  return {
    kind: 'error',
    reason: reasonOf('', undefined, message),
    detail: message.slice(0, MAX_DETAIL),
    until: numberOf(status['next']) ?? null,
  }
}
