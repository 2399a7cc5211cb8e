import { describe, expect, test } from 'vitest'
import { allEvents } from './read-events.ts'
import type { Reply } from './reply.ts'
import { type FakeLlm, startFakeLlm } from './server.ts'

const TURN = { model: 'fake-model', max_tokens: 100, messages: [{ role: 'user', content: 'hello' }] }

const post = (llm: FakeLlm, body: unknown, path = '/v1/messages') =>
  fetch(`${llm.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', 'x-api-key': 'secret' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

// biome-ignore lint/suspicious/noExplicitAny: the bodies under test are read field by field
type Any = any

async function streamed(reply: Reply, body: object = TURN): Promise<Any[]> {
  await using llm = await startFakeLlm({ queue: [reply] })
  const response = await post(llm, { ...body, stream: true }, '/v1/messages?beta=true')
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
  const events = await allEvents(response)
  for (const { event, data } of events) expect(event).toBe((data as Any).type)
  return events.map(({ data }) => data)
}

describe('Anthropic Messages', () => {
  test('a whole answer is one message with text, stop reason and usage', async () => {
    await using llm = await startFakeLlm({ queue: [{ text: 'Hi 👋', usage: { input: 5, output: 7, cacheRead: 11, cacheWrite: 13 } }] })
    const response = await post(llm, TURN)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      id: expect.stringMatching(/^msg_/),
      type: 'message',
      role: 'assistant',
      model: 'fake-model',
      content: [{ type: 'text', text: 'Hi 👋' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 5, output_tokens: 7, cache_read_input_tokens: 11, cache_creation_input_tokens: 13 },
    })
  })

  test('a streamed text arrives in the order of the real API', async () => {
    const text = 'one two three 👩‍🚀 four five'
    const events = await streamed({ text, usage: { input: 5, output: 7 } })
    const types = events.map((event) => event.type)
    expect(types.slice(0, 3)).toEqual(['message_start', 'content_block_start', 'ping'])
    expect(types.slice(3, -3).every((type) => type === 'content_block_delta')).toBe(true)
    expect(types.slice(-3)).toEqual(['content_block_stop', 'message_delta', 'message_stop'])
    expect(events[0].message).toMatchObject({ content: [], stop_reason: null, usage: { input_tokens: 5, output_tokens: 1 } })
    expect(events.map((event) => event.delta?.text ?? '').join('')).toBe(text)
    expect(events.at(-2)).toMatchObject({ delta: { stop_reason: 'end_turn' }, usage: { input_tokens: 5, output_tokens: 7 } })
  })

  test('tool calls are blocks of their own whose input arrives as pieces of JSON', async () => {
    const events = await streamed({ text: 'let me', toolCalls: [{ name: 'bash', input: { command: 'ls -la "ä"' } }] })
    const start = events.filter((event) => event.type === 'content_block_start')
    expect(start.map((event) => [event.index, event.content_block.type])).toEqual([
      [0, 'text'],
      [1, 'tool_use'],
    ])
    expect(start[1].content_block).toMatchObject({ name: 'bash', input: {}, id: expect.stringMatching(/^toolu_/) })
    const json = events.filter((event) => event.index === 1).map((event) => event.delta?.partial_json ?? '')
    expect(JSON.parse(json.join(''))).toEqual({ command: 'ls -la "ä"' })
    expect(events.at(-2).delta.stop_reason).toBe('tool_use')
  })

  test('a bad body is answered 400 in the shape of the API, and names the parameter', async () => {
    await using llm = await startFakeLlm()
    const bad: [unknown, RegExp][] = [
      ['{"model":', /not a JSON object/],
      [[], /not a JSON object/],
      [{ ...TURN, model: undefined }, /^model: Field required/],
      [{ ...TURN, max_tokens: undefined }, /^max_tokens: Field required/],
      [{ ...TURN, max_tokens: 0 }, /^max_tokens: /],
      [{ ...TURN, messages: [] }, /at least one message/],
      [{ ...TURN, messages: [{ role: 'robot', content: 'x' }] }, /^messages\.0\.role/],
      [{ ...TURN, messages: [{ role: 'user' }] }, /^messages\.0\.content: Field required/],
    ]
    for (const [body, message] of bad) {
      const response = await post(llm, body)
      expect(response.status).toBe(400)
      const error = { type: 'invalid_request_error', message: expect.stringMatching(message) }
      expect(await response.json()).toMatchObject({ type: 'error', error })
    }
    expect(llm.requests().every((record) => record.outcome === 'failed')).toBe(true)
  })

  test('scripted errors carry the type that goes with their status, and their headers', async () => {
    const statuses = { 401: 'authentication_error', 429: 'rate_limit_error', 500: 'api_error', 529: 'overloaded_error' }
    for (const [status, type] of Object.entries(statuses)) {
      await using llm = await startFakeLlm({ fallback: { status: Number(status), text: 'no', headers: { 'retry-after': '7' } } })
      for (const stream of [false, true]) {
        const response = await post(llm, { ...TURN, stream })
        expect(response.status).toBe(Number(status))
        expect(response.headers.get('retry-after')).toBe('7')
        expect(await response.json()).toMatchObject({ type: 'error', error: { type, message: 'no' } })
      }
    }
  })

  test('an error type without a status breaks a stream off in the middle', async () => {
    const events = await streamed({ errorType: 'overloaded_error', text: 'Overloaded' })
    expect(events[0].type).toBe('message_start')
    expect(events.at(-1)).toMatchObject({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } })
    await using llm = await startFakeLlm({ fallback: { errorType: 'overloaded_error' } })
    expect((await post(llm, TURN)).status).toBe(529)
  })

  test('tokens are counted without counting as a model request', async () => {
    await using llm = await startFakeLlm()
    const response = await post(llm, { model: 'fake-model', messages: TURN.messages }, '/v1/messages/count_tokens')
    expect(await response.json()).toEqual({ input_tokens: expect.any(Number) })
    expect(llm.requests().map((record) => record.kind)).toEqual(['count-tokens'])
    expect(llm.modelRequestCount()).toBe(0)
    expect((await post(llm, { messages: [] }, '/v1/messages/count_tokens')).status).toBe(400)
  })
})
