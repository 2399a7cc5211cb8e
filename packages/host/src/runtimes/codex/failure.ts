/** Why a model call of codex failed, in the fleet's words. The rollout writes snake case, the app-server camel case. */

import type { SignalBody } from '@mosaic/domain/signal'
import { type Fields, fieldsOf, isFields, textOf } from '../fields.ts'

export type ErrorSignal = Extract<SignalBody, { kind: 'error' }>

const MAX_DETAIL = 1000

const plain = (word: string): string => word.replaceAll('_', '').toLowerCase()

const REASONS: Readonly<Record<string, string>> = {
  unauthorized: 'logged-out',
  usagelimitexceeded: 'rate-limited',
  ratelimitexceeded: 'rate-limited',
  serveroverloaded: 'rate-limited',
}
/** Those that carry the status of an HTTP answer, or none when there was no answer. */
const CONNECTION = new Set([
  'httpconnectionfailed',
  'responsestreamconnectionfailed',
  'responsestreamdisconnected',
  'responsetoomanyfailedattempts',
])

function reasonOf(info: unknown): string {
  if (typeof info === 'string') return REASONS[plain(info)] ?? 'model'
  const [name = '', detail] = isFields(info) ? (Object.entries(info)[0] ?? []) : []
  const status = fieldsOf(detail)['http_status_code'] ?? fieldsOf(detail)['httpStatusCode']
  if (!CONNECTION.has(plain(name))) return 'model'
  if (status === 429) return 'rate-limited'
  if (status === 401 || status === 403) return 'logged-out'
  return typeof status === 'number' ? 'model' : 'offline'
}

/** @param error codex's `TurnError`, from a rollout or a notification */
export function errorSignal(error: Fields): ErrorSignal {
  const info = error['codex_error_info'] ?? error['codexErrorInfo']
  const more = textOf(error['additional_details']) ?? textOf(error['additionalDetails'])
  const message = textOf(error['message']) ?? 'the model call failed'
  const detail = more === undefined ? message : `${message}: ${more}`
  return { kind: 'error', reason: reasonOf(info), detail: detail.slice(0, MAX_DETAIL), until: null }
}
