/** OpenAI Responses: `POST /v1/responses`. */

import { missing, openAiFailure, openAiStatusOf, openAiWords, wrongType } from './openai-errors.ts'
import type { Body, Frame, Problem, Protocol, Reading, Utterance } from './protocol.ts'
import { contentTexts, digest, recordsOf, textOf } from './protocol.ts'
import { type Answer, type Failure, pieces } from './reply.ts'

function utterance(item: Record<string, unknown>): Utterance {
  const type = textOf(item['type'])
  if (type === 'function_call_output' || type === 'custom_tool_call_output') {
    return { by: 'tool', texts: contentTexts(item['output'], ['input_text', 'output_text']) }
  }
  const texts = contentTexts(item['content'], ['input_text', 'output_text', 'text'])
  if (item['role'] === 'user') return { by: 'user', texts }
  if (item['role'] === 'system' || item['role'] === 'developer') return { by: 'system', texts }
  return { by: 'model', texts }
}

function read(body: Body): Reading | Problem {
  const { model, input } = body
  if (model === undefined) return missing('model')
  if (typeof model !== 'string' || model === '') return wrongType('model', 'a model name')
  if (input === undefined) return missing('input')
  if (typeof input !== 'string' && !Array.isArray(input)) return wrongType('input', 'one of a string or an array of input items')
  const said: Utterance[] = [{ by: 'system', texts: contentTexts(body['instructions'], []) }]
  if (typeof input === 'string') said.push({ by: 'user', texts: [input] })
  else said.push(...recordsOf(input).map(utterance))
  return {
    model,
    stream: body['stream'] === true,
    toolNames: recordsOf(body['tools']).map((tool) => textOf(tool['name'])),
    ...digest(said),
  }
}

const textPart = (text: string) => ({ type: 'output_text', annotations: [], logprobs: [], text })

const messageItem = (answer: Answer, status: string, content: unknown[]) => ({
  id: `msg_${answer.id}`,
  type: 'message',
  status,
  role: 'assistant',
  content,
})

const callItem = (call: Answer['toolCalls'][number], status: string, text: string) => ({
  id: `fc_${call.id}`,
  type: 'function_call',
  status,
  call_id: `call_${call.id}`,
  name: call.name,
  arguments: text,
})

function output(answer: Answer): unknown[] {
  const items: unknown[] = answer.text === '' ? [] : [messageItem(answer, 'completed', [textPart(answer.text)])]
  for (const call of answer.toolCalls) items.push(callItem(call, 'completed', JSON.stringify(call.input)))
  return items
}

function usageOf({ usage }: Answer): unknown {
  const input = usage.input + usage.cacheRead + usage.cacheWrite
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: usage.cacheRead, cache_write_tokens: usage.cacheWrite },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: input + usage.output,
  }
}

const response = (answer: Answer, status: 'in_progress' | 'completed' | 'failed') => ({
  id: `resp_${answer.id}`,
  object: 'response',
  created_at: answer.createdAtS,
  status,
  error: null,
  incomplete_details: null,
  instructions: null,
  max_output_tokens: null,
  metadata: {},
  model: answer.model,
  output: status === 'completed' ? output(answer) : [],
  parallel_tool_calls: true,
  previous_response_id: null,
  reasoning: { effort: null, summary: null },
  store: false,
  temperature: 1,
  text: { format: { type: 'text' } },
  tool_choice: 'auto',
  tools: [],
  top_p: 1,
  truncation: 'disabled',
  usage: status === 'completed' ? usageOf(answer) : null,
  user: null,
})

/** An event before it gets its `sequence_number`. */
type Event = Record<string, unknown> & { type: string }

function textEvents(answer: Answer, output_index: number): Event[] {
  const at = { item_id: `msg_${answer.id}`, output_index, content_index: 0 }
  return [
    { type: 'response.output_item.added', output_index, item: messageItem(answer, 'in_progress', []) },
    { type: 'response.content_part.added', ...at, part: textPart('') },
    ...pieces(answer.text).map((delta) => ({ type: 'response.output_text.delta', ...at, delta, logprobs: [] })),
    { type: 'response.output_text.done', ...at, text: answer.text, logprobs: [] },
    { type: 'response.content_part.done', ...at, part: textPart(answer.text) },
    { type: 'response.output_item.done', output_index, item: messageItem(answer, 'completed', [textPart(answer.text)]) },
  ]
}

function callEvents(call: Answer['toolCalls'][number], output_index: number): Event[] {
  const at = { item_id: `fc_${call.id}`, output_index }
  const text = JSON.stringify(call.input)
  return [
    { type: 'response.output_item.added', output_index, item: callItem(call, 'in_progress', '') },
    ...pieces(text).map((delta) => ({ type: 'response.function_call_arguments.delta', ...at, delta })),
    { type: 'response.function_call_arguments.done', ...at, name: call.name, arguments: text },
    { type: 'response.output_item.done', output_index, item: callItem(call, 'completed', text) },
  ]
}

function frames(answer: Answer): Frame[] {
  const items = answer.text === '' ? [] : [textEvents(answer, 0)]
  for (const call of answer.toolCalls) items.push(callEvents(call, items.length))
  const events: Event[] = [
    { type: 'response.created', response: response(answer, 'in_progress') },
    { type: 'response.in_progress', response: response(answer, 'in_progress') },
    ...items.flat(),
    { type: 'response.completed', response: response(answer, 'completed') },
  ]
  return events.map((event, index) => ({
    event: event.type,
    data: { ...event, sequence_number: index },
    paced: event.type.endsWith('.delta'),
  }))
}

function broken(failed: Failure, answer: Answer, sent: number): Frame {
  const type = 'response.failed'
  const error = { code: openAiWords(failed).code ?? 'server_error', message: failed.message }
  return {
    event: type,
    data: { type, sequence_number: sent, response: { ...response(answer, 'failed'), error } },
    paced: false,
  }
}

export const openaiResponses: Protocol = {
  id: 'openai-responses',
  read,
  whole: (answer) => response(answer, 'completed'),
  frames,
  failure: openAiFailure,
  broken,
  statusOf: openAiStatusOf,
}
