/** The error shape that both OpenAI APIs share. */

import type { Problem } from './protocol.ts'
import type { Failure } from './reply.ts'

interface ErrorWords {
  type: string
  code: string | null
}

const BY_STATUS: Readonly<Record<number, ErrorWords>> = {
  400: { type: 'invalid_request_error', code: null },
  401: { type: 'invalid_request_error', code: 'invalid_api_key' },
  403: { type: 'invalid_request_error', code: 'unsupported_country_region_territory' },
  404: { type: 'invalid_request_error', code: 'model_not_found' },
  429: { type: 'requests', code: 'rate_limit_exceeded' },
  500: { type: 'server_error', code: 'server_error' },
  503: { type: 'service_unavailable_error', code: 'server_is_overloaded' },
}

/** Words that tests may use for `errorType`; most of them are codes in this API. */
const STATUS_OF: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  invalid_api_key: 401,
  model_not_found: 404,
  insufficient_quota: 429,
  rate_limit_exceeded: 429,
  server_error: 500,
  server_is_overloaded: 503,
}

export const openAiStatusOf = (errorType: string): number => STATUS_OF[errorType] ?? 500

/** Type and code of an error; a scripted word is both when the API has no pair for it. */
export function openAiWords(failed: Failure): ErrorWords {
  const usual = BY_STATUS[failed.status] ?? { type: failed.status < 500 ? 'invalid_request_error' : 'server_error', code: null }
  if (failed.absent === true) return { ...usual, code: 'missing_required_parameter' }
  if (failed.type === undefined || failed.type === usual.type || failed.type === usual.code) return usual
  return { type: failed.type, code: failed.type }
}

export function openAiFailure(failed: Failure): unknown {
  const { type, code } = openAiWords(failed)
  return { error: { message: failed.message, type, param: failed.param ?? null, code } }
}

export const missing = (param: string): Problem => ({ problem: `Missing required parameter: '${param}'.`, param, absent: true })

export const wrongType = (param: string, expected: string): Problem => ({
  problem: `Invalid type for '${param}': expected ${expected}.`,
  param,
  absent: false,
})
