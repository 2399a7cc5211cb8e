/** OpenAI Chat Completions: `POST /v1/chat/completions`. */

import { isRecord } from '../json-shape.ts'
import { missing, openAiFailure, openAiStatusOf, wrongType } from './openai-errors.ts'
import type { Body, Frame, Problem, Protocol, Reading, Utterance } from './protocol.ts'
import { contentTexts, digest, recordsOf, textOf } from './protocol.ts'
import { type Answer, pieces } from './reply.ts'

function utterance(message: Record<string, unknown>): Utterance {
  const texts = contentTexts(message['content'], ['text'])
  if (message['role'] === 'user') return { by: 'user', texts }
  if (message['role'] === 'tool') return { by: 'tool', texts }
  if (message['role'] === 'system' || message['role'] === 'developer') return { by: 'system', texts }
  return { by: 'model', texts }
}

const ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'function']

function read(body: Body): Reading | Problem {
  const { model, messages } = body
  if (model === undefined) return missing('model')
  if (typeof model !== 'string' || model === '') return wrongType('model', 'a model name')
  if (messages === undefined) return missing('messages')
  if (!Array.isArray(messages) || messages.length === 0) return wrongType('messages', 'an array with at least one message')
  for (const [index, message] of messages.entries()) {
    if (!isRecord(message)) return wrongType(`messages[${index}]`, 'an object')
    if (!ROLES.includes(textOf(message['role']))) return wrongType(`messages[${index}].role`, `one of ${ROLES.join(', ')}`)
  }
  return {
    model,
    stream: body['stream'] === true,
    toolNames: recordsOf(body['tools']).map((tool) => textOf(isRecord(tool['function']) ? tool['function']['name'] : tool['name'])),
    ...digest(recordsOf(messages).map(utterance)),
  }
}

function usageOf({ usage }: Answer): unknown {
  const prompt = usage.input + usage.cacheRead + usage.cacheWrite
  return {
    prompt_tokens: prompt,
    completion_tokens: usage.output,
    total_tokens: prompt + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cacheRead, cache_write_tokens: usage.cacheWrite, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}

const finish = (answer: Answer): string => (answer.toolCalls.length > 0 ? 'tool_calls' : 'stop')

const envelope = (answer: Answer, object: string) => ({
  id: `chatcmpl-${answer.id}`,
  object,
  created: answer.createdAtS,
  model: answer.model,
  service_tier: 'default',
  system_fingerprint: 'fp_fake',
})

function whole(answer: Answer): unknown {
  const calls = answer.toolCalls.map((call) => ({
    id: `call_${call.id}`,
    type: 'function',
    function: { name: call.name, arguments: JSON.stringify(call.input) },
  }))
  const message = {
    role: 'assistant',
    content: answer.text === '' ? null : answer.text,
    refusal: null,
    annotations: [],
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  }
  return {
    ...envelope(answer, 'chat.completion'),
    choices: [{ index: 0, message, logprobs: null, finish_reason: finish(answer) }],
    usage: usageOf(answer),
  }
}

/** Deltas of one tool call: the first names it, the rest carry its arguments. */
function callDeltas(call: Answer['toolCalls'][number], index: number): unknown[] {
  const first = { index, id: `call_${call.id}`, type: 'function', function: { name: call.name, arguments: '' } }
  const rest = pieces(JSON.stringify(call.input)).map((text) => ({ index, function: { arguments: text } }))
  return [first, ...rest].map((tool_call) => ({ tool_calls: [tool_call] }))
}

function frames(answer: Answer, body: Body): Frame[] {
  const withUsage = isRecord(body['stream_options']) && body['stream_options']['include_usage'] === true
  // With usage asked for, every chunk has the field and only the last one, which has no choice, fills it.
  const chunk = (choices: unknown[], usage: unknown, paced: boolean): Frame => ({
    event: undefined,
    data: { ...envelope(answer, 'chat.completion.chunk'), choices, ...(withUsage ? { usage } : {}) },
    paced,
  })
  const choice = (delta: unknown, finish_reason: string | null, paced: boolean): Frame =>
    chunk([{ index: 0, delta, logprobs: null, finish_reason }], null, paced)
  const content = pieces(answer.text).map((text) => ({ content: text }))
  return [
    choice({ role: 'assistant', content: answer.text === '' ? null : '', refusal: null }, null, false),
    ...[...content, ...answer.toolCalls.flatMap(callDeltas)].map((delta) => choice(delta, null, true)),
    choice({}, finish(answer), false),
    ...(withUsage ? [chunk([], usageOf(answer), false)] : []),
    { event: undefined, data: '[DONE]', paced: false },
  ]
}

export const openaiCompletions: Protocol = {
  id: 'openai-completions',
  read,
  whole,
  frames,
  failure: openAiFailure,
  broken: (failed) => ({ event: undefined, data: openAiFailure(failed), paced: false }),
  statusOf: openAiStatusOf,
}
