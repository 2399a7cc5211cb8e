import { describe, expect, test } from 'vitest'
import { allEvents } from './read-events.ts'
import type { Reply } from './reply.ts'
import { type FakeLlm, startFakeLlm } from './server.ts'

const TURN = { model: 'fake-model', messages: [{ role: 'user', content: 'hello' }] }

const post = (llm: FakeLlm, body: unknown) =>
  fetch(`${llm.url}/v1/chat/completions`, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) })

// biome-ignore lint/suspicious/noExplicitAny: the bodies under test are read field by field
type Any = any

async function streamed(reply: Reply, options: object = {}): Promise<Any[]> {
  await using llm = await startFakeLlm({ queue: [reply] })
  const events = await allEvents(await post(llm, { ...TURN, stream: true, ...options }))
  expect(events.every(({ event }) => event === undefined)).toBe(true)
  return events.map(({ data }) => data)
}

const USAGE = { input: 5, output: 7, cacheRead: 11, reasoning: 3 }
const REPORTED = {
  prompt_tokens: 16,
  completion_tokens: 7,
  total_tokens: 23,
  prompt_tokens_details: { cached_tokens: 11 },
  completion_tokens_details: { reasoning_tokens: 3 },
}

describe('OpenAI Chat Completions', () => {
  test('a whole answer is one choice with message, finish reason and usage', async () => {
    await using llm = await startFakeLlm({ queue: [{ text: 'Hi', usage: USAGE }, { toolCalls: [{ name: 'bash', input: { a: 1 } }] }] })
    expect(await (await post(llm, TURN)).json()).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-/),
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hi', refusal: null }, finish_reason: 'stop' }],
      usage: REPORTED,
    })
    const call = { type: 'function', function: { name: 'bash', arguments: '{"a":1}' }, id: expect.stringMatching(/^call_/) }
    expect(await (await post(llm, TURN)).json()).toMatchObject({
      choices: [{ message: { content: null, tool_calls: [call] }, finish_reason: 'tool_calls' }],
    })
  })

  test('a streamed text is role, content, finish reason and [DONE], in this order', async () => {
    const text = 'one two three four five six'
    const chunks = await streamed({ text })
    expect(chunks.at(-1)).toBe('[DONE]')
    const deltas = chunks.slice(0, -1).map((chunk) => chunk.choices[0])
    expect(deltas[0].delta).toMatchObject({ role: 'assistant', content: '' })
    expect(deltas.map((choice) => choice.delta.content ?? '').join('')).toBe(text)
    expect(deltas.map((choice) => choice.finish_reason)).toEqual([...Array(deltas.length - 1).fill(null), 'stop'])
    expect(chunks.slice(0, -1).some((chunk) => 'usage' in chunk)).toBe(false)
  })

  test('usage comes in a chunk of its own, without a choice, when it is asked for', async () => {
    const chunks = await streamed({ text: 'Hi', usage: USAGE }, { stream_options: { include_usage: true } })
    expect(chunks.slice(0, -2).every((chunk) => chunk.usage === null && chunk.choices.length === 1)).toBe(true)
    expect(chunks.at(-2)).toMatchObject({ choices: [], usage: REPORTED })
    expect(chunks.at(-1)).toBe('[DONE]')
  })

  test('tool calls are deltas: the first names one, the rest carry its arguments', async () => {
    const calls = [
      { name: 'bash', input: { command: 'ls' } },
      { name: 'read', input: { path: '/tmp/a' } },
    ]
    const chunks = await streamed({ toolCalls: calls })
    const deltas = chunks.slice(0, -1).flatMap((chunk) => chunk.choices[0].delta.tool_calls ?? [])
    for (const [index, call] of calls.entries()) {
      const [first, ...rest] = deltas.filter((delta) => delta.index === index)
      expect(first).toMatchObject({ type: 'function', id: expect.any(String), function: { name: call.name, arguments: '' } })
      expect(JSON.parse(rest.map((delta) => delta.function.arguments).join(''))).toEqual(call.input)
    }
    expect(chunks.at(-2).choices[0].finish_reason).toBe('tool_calls')
  })

  test('a bad body is answered 400 in the shape of the API, and names the parameter', async () => {
    await using llm = await startFakeLlm()
    const bad: [unknown, string | null][] = [
      ['[', null],
      [{ messages: TURN.messages }, 'model'],
      [{ model: 'm' }, 'messages'],
      [{ model: 'm', messages: [] }, 'messages'],
      [{ model: 'm', messages: [{ role: 'robot' }] }, 'messages[0].role'],
    ]
    for (const [body, param] of bad) {
      const response = await post(llm, body)
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error', param } })
    }
  })

  test('scripted errors have the shape of the API, in the middle of a stream too', async () => {
    await using llm = await startFakeLlm({ fallback: { status: 429, text: 'slow down' } })
    const response = await post(llm, { ...TURN, stream: true })
    expect(response.status).toBe(429)
    expect(await response.json()).toEqual({
      error: { message: 'slow down', type: 'requests', param: null, code: 'rate_limit_exceeded' },
    })
    const chunks = await streamed({ errorType: 'server_error', text: 'broke' })
    expect(chunks[0].choices[0].delta.role).toBe('assistant')
    expect(chunks.at(-1)).toEqual({ error: { message: 'broke', type: 'server_error', param: null, code: 'server_error' } })
  })
})
