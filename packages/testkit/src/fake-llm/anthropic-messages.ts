/** Anthropic Messages: `POST /v1/messages`. */

import { isRecord } from '../json-shape.ts'
import type { Body, Frame, Problem, Protocol, Reading, Utterance } from './protocol.ts'
import { contentTexts, digest, recordsOf, textOf } from './protocol.ts'
import { type Answer, type Failure, pieces, type TokenUsage } from './reply.ts'

const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}

const problem = (param: string, text: string, absent = false): Problem => ({ problem: `${param}: ${text}`, param, absent })

function problemOf(body: Body): Problem | undefined {
  if (body['model'] === undefined) return problem('model', 'Field required', true)
  if (typeof body['model'] !== 'string' || body['model'] === '') return problem('model', 'Input should be a valid string')
  if (body['max_tokens'] === undefined) return problem('max_tokens', 'Field required', true)
  if (!Number.isInteger(body['max_tokens']) || Number(body['max_tokens']) < 1) {
    return problem('max_tokens', 'Input should be greater than or equal to 1')
  }
  return messagesProblem(body['messages'])
}

function messagesProblem(messages: unknown): Problem | undefined {
  if (messages === undefined) return problem('messages', 'Field required', true)
  if (!Array.isArray(messages)) return problem('messages', 'Input should be a valid array')
  if (messages.length === 0) return problem('messages', 'at least one message is required')
  for (const [index, message] of messages.entries()) {
    const where = `messages.${index}`
    if (!isRecord(message)) return problem(where, 'Input should be an object')
    if (!['user', 'assistant', 'system'].includes(textOf(message['role']))) {
      return problem(`${where}.role`, "Input should be 'user' or 'assistant'")
    }
    if (typeof message['content'] !== 'string' && !Array.isArray(message['content'])) {
      return problem(`${where}.content`, message['content'] === undefined ? 'Field required' : 'Input should be a valid string or array')
    }
  }
  return undefined
}

function utterances(message: Record<string, unknown>): Utterance[] {
  const texts = contentTexts(message['content'], ['text'])
  if (message['role'] === 'assistant') return [{ by: 'model', texts }]
  if (message['role'] === 'system') return [{ by: 'system', texts }]
  const results = recordsOf(message['content'])
    .filter((block) => block['type'] === 'tool_result')
    .flatMap((block) => contentTexts(block['content'], ['text']))
  return [
    { by: 'tool', texts: results },
    { by: 'user', texts },
  ]
}

function read(body: Body): Reading | Problem {
  const wrong = problemOf(body)
  if (wrong !== undefined) return wrong
  const system: Utterance = { by: 'system', texts: contentTexts(body['system'], ['text']) }
  return {
    model: textOf(body['model']),
    stream: body['stream'] === true,
    toolNames: recordsOf(body['tools']).map((tool) => textOf(tool['name'])),
    ...digest([system, ...recordsOf(body['messages']).flatMap(utterances)]),
  }
}

const usageOf = (usage: TokenUsage) => ({
  input_tokens: usage.input,
  cache_creation_input_tokens: usage.cacheWrite,
  cache_read_input_tokens: usage.cacheRead,
  cache_creation: { ephemeral_5m_input_tokens: usage.cacheWrite, ephemeral_1h_input_tokens: 0 },
  output_tokens: usage.output,
  service_tier: 'standard',
})

const stopReason = (answer: Answer): string => (answer.toolCalls.length > 0 ? 'tool_use' : 'end_turn')

const message = (answer: Answer) => ({
  id: `msg_${answer.id}`,
  type: 'message',
  role: 'assistant',
  model: answer.model,
})

function whole(answer: Answer): unknown {
  const content: unknown[] = answer.text === '' ? [] : [{ type: 'text', text: answer.text }]
  for (const call of answer.toolCalls) content.push({ type: 'tool_use', id: `toolu_${call.id}`, name: call.name, input: call.input })
  return { ...message(answer), content, stop_reason: stopReason(answer), stop_sequence: null, usage: usageOf(answer.usage) }
}

const frame = (data: Record<string, unknown>, paced = false): Frame => ({ event: String(data['type']), data, paced })

function block(index: number, start: unknown, deltas: readonly Record<string, unknown>[]): Frame[] {
  return [
    frame({ type: 'content_block_start', index, content_block: start }),
    ...deltas.map((delta) => frame({ type: 'content_block_delta', index, delta }, true)),
    frame({ type: 'content_block_stop', index }),
  ]
}

function frames(answer: Answer): Frame[] {
  const blocks: Frame[][] = []
  if (answer.text !== '') {
    const deltas = pieces(answer.text).map((text) => ({ type: 'text_delta', text }))
    blocks.push(block(0, { type: 'text', text: '' }, deltas))
  }
  for (const call of answer.toolCalls) {
    const deltas = ['', ...pieces(JSON.stringify(call.input))].map((partial_json) => ({ type: 'input_json_delta', partial_json }))
    blocks.push(block(blocks.length, { type: 'tool_use', id: `toolu_${call.id}`, name: call.name, input: {} }, deltas))
  }
  const [first, ...content] = blocks.flat()
  const usage = usageOf(answer.usage)
  return [
    frame({
      type: 'message_start',
      message: { ...message(answer), content: [], stop_reason: null, stop_sequence: null, usage: { ...usage, output_tokens: 1 } },
    }),
    ...(first === undefined ? [] : [first]),
    frame({ type: 'ping' }),
    ...content,
    frame({
      type: 'message_delta',
      delta: { stop_reason: stopReason(answer), stop_sequence: null },
      usage: {
        input_tokens: usage.input_tokens,
        cache_creation_input_tokens: usage.cache_creation_input_tokens,
        cache_read_input_tokens: usage.cache_read_input_tokens,
        output_tokens: usage.output_tokens,
      },
    }),
    frame({ type: 'message_stop' }),
  ]
}

const failure = (failed: Failure) => ({
  type: 'error',
  error: { type: failed.type ?? ERROR_TYPES[failed.status] ?? 'api_error', message: failed.message },
  request_id: null,
})

export const anthropicMessages: Protocol = {
  id: 'anthropic-messages',
  read,
  whole,
  frames,
  failure,
  broken: (failed) => frame(failure(failed)),
  statusOf: (errorType) => Number(Object.keys(ERROR_TYPES).find((status) => ERROR_TYPES[Number(status)] === errorType) ?? 500),
}
