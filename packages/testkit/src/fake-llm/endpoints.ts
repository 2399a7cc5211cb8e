/** The paths of the three model APIs: what each request is, and its answer. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { isRecord } from '../json-shape.ts'
import { anthropicMessages } from './anthropic-messages.ts'
import { answer, sendJson } from './exchange.ts'
import { openaiCompletions } from './openai-completions.ts'
import { openaiResponses } from './openai-responses.ts'
import type { Problem, Protocol } from './protocol.ts'
import { type Failure, tokensOf } from './reply.ts'
import type { RequestLog, RequestRecord } from './request-log.ts'
import type { Scripted } from './script.ts'

const MODEL_PATHS: Readonly<Record<string, Protocol>> = {
  '/v1/messages': anthropicMessages,
  '/v1/responses': openaiResponses,
  '/v1/chat/completions': openaiCompletions,
}

const COUNT_PATH = '/v1/messages/count_tokens'
const MODELS_PATH = '/v1/models'

export interface Call {
  record: RequestRecord
  /** Without the query. */
  path: string
  incoming: IncomingMessage
  response: ServerResponse
  /** Aborted when the client or the server goes. */
  gone: AbortSignal
  scripted: Scripted
  log: RequestLog
  models: readonly string[]
  apiKey: string | undefined
}

export function kindOf(method: string | undefined, path: string): RequestRecord['kind'] {
  if (method === 'POST' && MODEL_PATHS[path] !== undefined) return 'model'
  if (method === 'POST' && path === COUNT_PATH) return 'count-tokens'
  return method === 'GET' && path === MODELS_PATH ? 'models' : 'other'
}

const isAnthropic = ({ path, incoming }: Call): boolean => path.startsWith('/v1/messages') || 'anthropic-version' in incoming.headers

/** The API in whose words an error on this path is told. */
const protocolOf = (call: Call): Protocol => MODEL_PATHS[call.path] ?? (isAnthropic(call) ? anthropicMessages : openaiResponses)

export function fail(call: Call, failure: Failure): void {
  call.record.outcome = 'failed'
  sendJson(call.response, failure.status, protocolOf(call).failure(failure))
}

const failBody = (call: Call, { problem, param, absent }: Problem): void => fail(call, { status: 400, message: problem, param, absent })

/** @throws the abort reason when the client leaves before the end */
export async function serve(call: Call): Promise<void> {
  const { record, incoming, path } = call
  if (!hasKey(incoming, call.apiKey)) return fail(call, { status: 401, message: 'invalid api key' })
  if (record.kind === 'models') return listModels(call)
  if (record.kind === 'other') {
    const known = MODEL_PATHS[path] !== undefined || path === COUNT_PATH || path === MODELS_PATH
    const message = known ? `${incoming.method} is not allowed on ${path}` : `no such path: ${incoming.method} ${path}`
    return fail(call, known ? { status: 405, message } : { status: 404, type: 'not_found_error', message })
  }
  if (!isRecord(record.body)) return fail(call, { status: 400, message: 'the body is not a JSON object' })
  return record.kind === 'count-tokens' ? countTokens(call, record.body) : speak(call, record.body)
}

const hasKey = ({ headers }: IncomingMessage, key: string | undefined): boolean =>
  key === undefined || headers['x-api-key'] === key || headers.authorization === `Bearer ${key}`

function listModels(call: Call): void {
  const { models, record, response } = call
  record.outcome = 'answered'
  sendJson(response, 200, isAnthropic(call) ? anthropicList(models) : openAiList(models))
}

const openAiList = (models: readonly string[]) => ({
  object: 'list',
  data: models.map((id) => ({ id, object: 'model', created: 0, owned_by: 'fake' })),
})

const anthropicList = (models: readonly string[]) => ({
  data: models.map((id) => ({ type: 'model', id, display_name: id, created_at: '2026-01-01T00:00:00Z' })),
  has_more: false,
  first_id: models[0] ?? null,
  last_id: models.at(-1) ?? null,
})

async function countTokens(call: Call, body: Record<string, unknown>): Promise<void> {
  const { record, response } = call
  const reading = anthropicMessages.read({ ...body, max_tokens: 1 })
  if ('problem' in reading) return failBody(call, reading)
  record.userTexts = reading.userTexts
  record.outcome = 'answered'
  sendJson(response, 200, { input_tokens: tokensOf(JSON.stringify(body)) })
}

async function speak(call: Call, body: Record<string, unknown>): Promise<void> {
  const { record, response, gone } = call
  const protocol = protocolOf(call)
  const reading = protocol.read(body)
  if ('problem' in reading) return failBody(call, reading)
  const request = { ...reading, protocol: protocol.id, n: record.n }
  record.request = request
  record.userTexts = reading.userTexts
  call.log.changed(record)
  const reply = call.scripted.replyTo(request)
  record.outcome = await answer({ protocol, request, body, reply, response, gone })
}
