import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { until } from '../until.ts'
import { readEvents } from './read-events.ts'
import { type FakeLlm, startFakeLlm } from './server.ts'

const turn = (text: string, more: object = {}) => ({
  model: 'fake-model',
  max_tokens: 100,
  messages: [{ role: 'user', content: text }],
  ...more,
})

const ask = (llm: FakeLlm, body: object, init: RequestInit = {}) =>
  fetch(`${llm.url}/v1/messages`, { method: 'POST', body: JSON.stringify(body), ...init })

const textOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { content: { text: string }[] }).content.map((block) => block.text).join('')

describe('the script', () => {
  test('an unscripted request gets FAKE-OK and its number', async () => {
    await using llm = await startFakeLlm()
    expect(await textOf(await ask(llm, turn('a')))).toBe('FAKE-OK #1')
    expect(await textOf(await ask(llm, turn('b')))).toBe('FAKE-OK #2')
    expect(llm.modelRequestCount()).toBe(2)
  })

  test('rules go before the queue, the queue before the fallback, and a rule ends after its times', async () => {
    await using llm = await startFakeLlm({
      rules: [
        { when: { contains: 'weather' }, reply: { text: 'rain' }, times: 1 },
        { when: { model: 'other' }, reply: { text: 'other model' } },
        (request) => (request.toolNames.includes('bash') ? { text: 'has bash' } : undefined),
        { when: { nth: 5, protocol: 'anthropic-messages' }, reply: { text: 'fifth' } },
      ],
      queue: [{ text: 'queued' }],
      fallback: { text: 'fallback' },
    })
    expect(await textOf(await ask(llm, turn('the weather?')))).toBe('rain')
    expect(await textOf(await ask(llm, turn('the weather?')))).toBe('queued')
    expect(await textOf(await ask(llm, turn('x', { model: 'other' })))).toBe('other model')
    expect(await textOf(await ask(llm, turn('x', { tools: [{ name: 'bash' }] })))).toBe('has bash')
    expect(await textOf(await ask(llm, turn('x')))).toBe('fifth')
    expect(await textOf(await ask(llm, turn('x')))).toBe('fallback')
    llm.push({ text: 'pushed' })
    llm.rule({ when: { contains: 'now' }, reply: { text: 'ruled' } })
    expect(await textOf(await ask(llm, turn('now')))).toBe('ruled')
    expect(await textOf(await ask(llm, turn('x')))).toBe('pushed')
  })

  test('a text is matched only in what the user said since the model last spoke', async () => {
    await using llm = await startFakeLlm({ rules: [{ when: { contains: 'run it' }, reply: { text: 'running' } }] })
    const messages = [
      { role: 'user', content: 'run it' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'bash', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'run it: done' }] }] },
    ]
    expect(await textOf(await ask(llm, turn('', { messages })))).toBe('FAKE-OK #1')
    const [record] = llm.requests()
    expect(record?.userTexts).toEqual(['run it'])
    expect(record?.request).toMatchObject({ prompt: '', toolResults: ['run it: done'] })
  })

  test('a rule that throws is an error of the server, not of the test', async () => {
    const broken = () => {
      throw new Error('oops')
    }
    await using llm = await startFakeLlm({ rules: [broken] })
    const response = await ask(llm, turn('x'))
    expect(response.status).toBe(500)
    expect(await response.text()).toContain('oops')
  })
})

describe('the log', () => {
  test('it holds method, path, body and texts, and never a credential', async () => {
    await using llm = await startFakeLlm()
    const headers = { 'x-api-key': 'top-secret', authorization: 'Bearer top-secret', 'x-seat': 'coder0' }
    await ask(llm, turn('hello', { system: [{ type: 'text', text: 'be brief' }] }), { headers })
    const [record] = llm.requests()
    expect(record).toMatchObject({
      kind: 'model',
      n: 1,
      method: 'POST',
      path: '/v1/messages',
      headers: { 'x-api-key': 'redacted', authorization: 'redacted', 'x-seat': 'coder0' },
      body: { model: 'fake-model' },
      request: { systemText: 'be brief', prompt: 'hello', protocol: 'anthropic-messages' },
      userTexts: ['hello'],
      outcome: 'answered',
    })
    expect(JSON.stringify(llm.requests())).not.toContain('top-secret')
    llm.clearRequests()
    expect(llm.requests()).toEqual([])
  })

  test('a request can be waited for, before and after it came', async () => {
    await using llm = await startFakeLlm()
    const early = llm.waitForRequest((record) => record.userTexts.includes('second'))
    await ask(llm, turn('first'))
    await ask(llm, turn('second'))
    expect((await early).n).toBe(2)
    expect((await llm.waitForRequest((record) => record.userTexts.includes('first'))).n).toBe(1)
    await expect(llm.waitForRequest((record) => record.n === 9, 1)).rejects.toThrow(/no such request/)
  })

  test('whoever waits is told when the server ends', async () => {
    const llm = await startFakeLlm()
    const waiting = expect(llm.waitForRequest(() => true)).rejects.toThrow(/ended/)
    await llm.close()
    await waiting
  })
})

describe('the connection', () => {
  test('a cut connection breaks a stream in the middle, and a document in the middle', async () => {
    await using llm = await startFakeLlm({ fallback: { text: 'a long enough answer to be cut in two', hangUp: true } })
    const seen: unknown[] = []
    const reading = async () => {
      for await (const event of readEvents(await ask(llm, turn('x', { stream: true })))) seen.push(event.event)
    }
    await expect(reading()).rejects.toThrow()
    expect(seen[0]).toBe('message_start')
    expect(seen).not.toContain('message_stop')
    await expect(ask(llm, turn('x')).then((response) => response.text())).rejects.toThrow()
    expect(llm.requests().map((record) => record.outcome)).toEqual(['hung-up', 'hung-up'])
  })

  test.each([
    ['never answers', { neverAnswer: true }, false],
    ['is slow to start', { delayMs: 3_600_000 }, true],
    ['is slow to go on', { chunkDelayMs: 3_600_000 }, true],
  ])('a client that leaves a server that %s frees everything', async (_, reply, stream) => {
    await using llm = await startFakeLlm({ fallback: reply })
    const client = new AbortController()
    const asking = ask(llm, turn('x', { stream }), { signal: client.signal }).then((response) => response.text())
    await llm.waitForRequest((record) => record.request !== undefined)
    expect(llm.openCount()).toBe(1)
    client.abort()
    await expect(asking).rejects.toThrow(/abort/)
    expect((await llm.waitForRequest((record) => record.outcome === 'aborted')).outcome).toBe('aborted')
    await until(() => llm.openCount() === 0)
  })

  test('a server that ends cuts what is open and frees its port', async () => {
    const llm = await startFakeLlm({ fallback: { neverAnswer: true } })
    const { url } = llm
    const asking = expect(ask(llm, turn('x'))).rejects.toThrow()
    await llm.waitForRequest((record) => record.request !== undefined)
    await llm.close()
    await asking
    await llm.close()
    await expect(fetch(url)).rejects.toThrow()
  })

  test('a client that leaves in the middle of its request is no request', async () => {
    await using llm = await startFakeLlm()
    const socket = connect(Number(new URL(llm.url).port), '127.0.0.1')
    socket.write('POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{"mod')
    await until(() => llm.openCount() === 1)
    socket.destroy()
    await once(socket, 'close')
    await until(() => llm.openCount() === 0)
    expect(llm.requests()).toEqual([])
  })

  test('a body of more than 32 MiB is answered 413', async () => {
    await using llm = await startFakeLlm()
    expect((await ask(llm, turn('x'.repeat(33 * 1024 * 1024)))).status).toBe(413)
  })
})

describe('other paths', () => {
  test('models are listed in the shape of the API that asks', async () => {
    await using llm = await startFakeLlm({ models: ['a', 'b'] })
    const list = async (headers: Record<string, string>) => (await fetch(`${llm.url}/v1/models`, { headers })).json()
    expect(await list({})).toMatchObject({ object: 'list', data: [{ id: 'a', object: 'model' }, { id: 'b' }] })
    expect(await list({ 'anthropic-version': '2023-06-01' })).toMatchObject({ data: [{ id: 'a', type: 'model' }, {}], has_more: false })
  })

  test('unknown paths and methods are errors in the shape of the API', async () => {
    await using llm = await startFakeLlm()
    expect((await fetch(`${llm.url}/v1/nothing`)).status).toBe(404)
    const wrongMethod = await fetch(`${llm.url}/v1/messages`)
    expect(wrongMethod.status).toBe(405)
    expect(await wrongMethod.json()).toMatchObject({ type: 'error' })
  })

  test('with a key set, every other key is refused in the shape of the API', async () => {
    await using llm = await startFakeLlm({ apiKey: 'right' })
    const refused = await ask(llm, turn('x'), { headers: { 'x-api-key': 'wrong' } })
    expect(refused.status).toBe(401)
    expect(await refused.json()).toMatchObject({ type: 'error', error: { type: 'authentication_error' } })
    expect((await ask(llm, turn('x'), { headers: { 'x-api-key': 'right' } })).status).toBe(200)
    expect((await ask(llm, turn('x'), { headers: { authorization: 'Bearer right' } })).status).toBe(200)
  })
})
