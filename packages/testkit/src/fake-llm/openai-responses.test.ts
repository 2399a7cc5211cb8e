import { describe, expect, test } from 'vitest'
import { allEvents } from './read-events.ts'
import type { Reply } from './reply.ts'
import { type FakeLlm, startFakeLlm } from './server.ts'

const TURN = { model: 'fake-model', input: [{ role: 'user', content: [{ type: 'input_text', text: 'hello' }] }] }

const post = (llm: FakeLlm, body: unknown) =>
  fetch(`${llm.url}/v1/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer secret' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

// biome-ignore lint/suspicious/noExplicitAny: the bodies under test are read field by field
type Any = any

async function streamed(reply: Reply): Promise<Any[]> {
  await using llm = await startFakeLlm({ queue: [reply] })
  const events = await allEvents(await post(llm, { ...TURN, stream: true }))
  for (const [index, { event, data }] of events.entries()) {
    expect(event).toBe((data as Any).type)
    expect((data as Any).sequence_number).toBe(index)
  }
  return events.map(({ data }) => data)
}

const USAGE = { input: 5, output: 7, cacheRead: 11, cacheWrite: 0, reasoning: 3 }
const REPORTED = {
  input_tokens: 16,
  input_tokens_details: { cached_tokens: 11 },
  output_tokens: 7,
  output_tokens_details: { reasoning_tokens: 3 },
  total_tokens: 23,
}

describe('OpenAI Responses', () => {
  test('a whole answer is a completed response with output and usage', async () => {
    await using llm = await startFakeLlm({ queue: [{ text: 'Hi', toolCalls: [{ name: 'shell', input: { a: 1 } }], usage: USAGE }] })
    expect(await (await post(llm, { model: 'fake-model', input: 'hello' })).json()).toMatchObject({
      id: expect.stringMatching(/^resp_/),
      object: 'response',
      status: 'completed',
      model: 'fake-model',
      output: [
        { type: 'message', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: 'Hi' }] },
        { type: 'function_call', name: 'shell', arguments: '{"a":1}', call_id: expect.stringMatching(/^call_/) },
      ],
      usage: REPORTED,
    })
    expect(llm.requests()[0]?.userTexts).toEqual(['hello'])
  })

  test('a streamed text arrives in the order of the real API', async () => {
    const text = 'one two three four five six'
    const events = await streamed({ text, usage: USAGE })
    const types = events.map((event) => event.type.replace('response.', ''))
    expect(types.slice(0, 4)).toEqual(['created', 'in_progress', 'output_item.added', 'content_part.added'])
    expect(types.slice(4, -4).every((type) => type === 'output_text.delta')).toBe(true)
    expect(types.slice(-4)).toEqual(['output_text.done', 'content_part.done', 'output_item.done', 'completed'])
    expect(events.map((event) => event.delta ?? '').join('')).toBe(text)
    expect(events.at(-4).text).toBe(text)
    expect(events.at(-1).response).toMatchObject({ status: 'completed', usage: REPORTED, output: [{ content: [{ text }] }] })
  })

  test('a tool call is an output item whose arguments arrive as pieces', async () => {
    const events = await streamed({ toolCalls: [{ name: 'shell', input: { command: ['ls', '-la'] } }] })
    const types = events.map((event) => event.type.replace('response.', ''))
    expect(types.slice(2, 4)).toEqual(['output_item.added', 'function_call_arguments.delta'])
    expect(types.slice(-3)).toEqual(['function_call_arguments.done', 'output_item.done', 'completed'])
    expect(JSON.parse(events.map((event) => event.delta ?? '').join(''))).toEqual({ command: ['ls', '-la'] })
    expect(events[2].item).toMatchObject({ type: 'function_call', status: 'in_progress', name: 'shell', arguments: '' })
    expect(events.at(-2).item.call_id).toBe(events[2].item.call_id)
  })

  test('a bad body is answered 400 in the shape of the API, and names the parameter', async () => {
    await using llm = await startFakeLlm()
    const bad: [unknown, string | null, string | null][] = [
      ['nonsense', null, null],
      [{ input: 'x' }, 'model', 'missing_required_parameter'],
      [{ model: 'm' }, 'input', 'missing_required_parameter'],
      [{ model: 'm', input: 5 }, 'input', null],
    ]
    for (const [body, param, code] of bad) {
      const response = await post(llm, body)
      expect(response.status).toBe(400)
      expect(await response.json()).toEqual({ error: { message: expect.any(String), type: 'invalid_request_error', param, code } })
    }
  })

  test('scripted errors carry the words that go with their status', async () => {
    const statuses = { 401: 'invalid_api_key', 429: 'rate_limit_exceeded', 500: 'server_error', 503: 'server_is_overloaded' }
    for (const [status, code] of Object.entries(statuses)) {
      await using llm = await startFakeLlm({ fallback: { status: Number(status) } })
      const response = await post(llm, { ...TURN, stream: true })
      expect(response.status).toBe(Number(status))
      expect(await response.json()).toMatchObject({ error: { code } })
    }
    await using llm = await startFakeLlm({ fallback: { status: 429, errorType: 'insufficient_quota' } })
    expect(await (await post(llm, TURN)).json()).toMatchObject({ error: { type: 'insufficient_quota', code: 'insufficient_quota' } })
  })

  test('an error type without a status ends a stream with response.failed', async () => {
    const events = await streamed({ errorType: 'server_is_overloaded', text: 'busy' })
    expect(events[0].type).toBe('response.created')
    expect(events.at(-1)).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'server_is_overloaded', message: 'busy' } },
    })
  })
})
