import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect, createServer } from 'node:net'
import { dirname } from 'node:path'
import { tempHome } from '@mosaic/testkit/temp-home'
import { until } from '@mosaic/testkit/until'
import { describe, expect, it } from 'vitest'
import { resolvePaths } from '../paths.ts'
import { AgentEndpoint, type AgentEndpointParts } from './agent-endpoint.ts'
import type { AgentTools } from './tools.ts'
import { NO_TOOLS } from './tools.ts'

const ECHO: AgentTools = {
  list: [{ name: 'echo', title: 'Echo', description: 'says it again', inputSchema: { type: 'object' }, readOnly: true }],
  call: async (caller, tool, input) => (tool === 'echo' ? { text: JSON.stringify({ caller, input }), isError: false } : undefined),
}

async function world() {
  const home = await tempHome()
  const paths = resolvePaths({ env: home.env })
  const ended = new Set<string>()
  const said: string[] = []
  const parts: AgentEndpointParts = {
    paths,
    tools: ECHO,
    isCurrent: (_, launchId) => !ended.has(launchId),
    log: (text) => said.push(text),
  }
  const open = (changes: Partial<AgentEndpointParts> = {}) => AgentEndpoint.open({ ...parts, ...changes })
  return { paths, ended, said, open, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() }
}

interface Posting {
  body?: string
  headers?: Record<string, string>
  method?: string
}

/** By hand: `fetch` lets nobody choose the Host header. */
function ask(url: string, { body = '{}', headers = {}, method = 'POST' }: Posting): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>()
  const sent = request(url, { method, headers: { 'content-type': 'application/json', ...headers } }, (response) => {
    let text = ''
    response.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
  })
  sent.on('error', reject)
  sent.end(body)
  return promise
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('who is answered', () => {
  it('is a launch that runs, by its own token, until it ended', async () => {
    await using it = await world()
    await using endpoint = await it.open()
    const hook = `${endpoint.url}/hook/Stop`
    const token = endpoint.tokenOf('coder0', 'l1')
    expect(await ask(hook, { headers: bearer(token) })).toEqual({ status: 200, text: '{}' })
    it.ended.add('l1')
    for (const headers of [bearer(token), {}, bearer(''), bearer(`${token}x`), { authorization: token }])
      expect((await ask(hook, { headers })).status).toBe(401)
    expect((await ask(hook, { headers: bearer(endpoint.tokenOf('coder0', 'l2')) })).status).toBe(200)
  })

  it.each([
    [{ host: 'attacker.example' }, 403],
    [{ host: 'localhost' }, 403],
    [{ origin: 'https://attacker.example' }, 403],
    [{ origin: 'null' }, 403],
  ])('is nobody with %j', async (headers, status) => {
    await using it = await world()
    await using endpoint = await it.open()
    const token = endpoint.tokenOf('coder0', 'l1')
    expect((await ask(`${endpoint.url}/hook/Stop`, { headers: { ...bearer(token), ...headers } })).status).toBe(status)
  })

  it('is who says localhost, too', async () => {
    await using it = await world()
    await using endpoint = await it.open()
    const { port } = new URL(endpoint.url)
    const headers = { ...bearer(endpoint.tokenOf('coder0', 'l1')), host: `localhost:${port}`, origin: endpoint.url }
    expect((await ask(`${endpoint.url}/hook/Stop`, { headers })).status).toBe(200)
  })

  it('waits for a service that is still taking over its fleet', async () => {
    await using it = await world()
    const { promise, resolve } = Promise.withResolvers<boolean>()
    await using endpoint = await it.open({ isCurrent: () => promise })
    const answer = ask(`${endpoint.url}/hook/Stop`, { headers: bearer(endpoint.tokenOf('coder0', 'l1')) })
    resolve(true)
    expect((await answer).status).toBe(200)
  })
})

describe('what is refused', () => {
  it('is what it does not have, and what is no JSON or too large', async () => {
    await using it = await world()
    await using endpoint = await it.open()
    const headers = bearer(endpoint.tokenOf('coder0', 'l1'))
    const statusOf = async (path: string, posting: Posting = {}) =>
      (await ask(`${endpoint.url}${path}`, { ...posting, headers: { ...headers, ...posting.headers } })).status
    expect(await statusOf('/')).toBe(404)
    expect(await statusOf('/hook/../mcp')).toBe(400)
    expect(await statusOf(`/hook/${'x'.repeat(65)}`)).toBe(404)
    expect(await statusOf('/hook/Stop', { method: 'PUT' })).toBe(405)
    expect(await statusOf('/hook/Stop', { body: 'x' })).toBe(400)
    expect(await statusOf('/hook/Stop', { headers: { 'content-type': 'text/plain' } })).toBe(415)
    expect(await statusOf('/tool/echo', { body: `"${'x'.repeat(2 * 1024 * 1024)}"` })).toBe(413)
    expect(await statusOf('/tool/other')).toBe(404)
    expect(await statusOf('/hook/Stop', { headers: { padding: 'x'.repeat(32_000) } })).toBe(431)
  })

  it('is a body that grows beyond its bound without having said so', async () => {
    await using it = await world()
    await using endpoint = await it.open()
    const { port } = new URL(endpoint.url)
    const head = [
      'POST /tool/echo HTTP/1.1',
      `host: 127.0.0.1:${port}`,
      `authorization: Bearer ${endpoint.tokenOf('coder0', 'l1')}`,
      'content-type: application/json',
      'transfer-encoding: chunked',
    ]
    const socket = connect(Number(port), '127.0.0.1')
    let answer = ''
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString()
    })
    socket.on('error', () => {})
    socket.write(`${head.join('\r\n')}\r\n\r\n`)
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
    for (let sent = 0; sent < 20; sent += 1) socket.write(chunk)
    await until(() => answer.includes('413'), { what: 'the refusal' })
    socket.destroy()
  })

  it('is what is under way already too often', async () => {
    await using it = await world()
    await using endpoint = await it.open()
    const { promise: never, resolve } = Promise.withResolvers<unknown>()
    using _listening = endpoint.channel('coder0', 'l1').onHook(() => never)
    const headers = bearer(endpoint.tokenOf('coder0', 'l1'))
    let answered = 0
    const held = Array.from({ length: 40 }, async () => {
      const { status } = await ask(`${endpoint.url}/hook/Stop`, { headers })
      answered += 1
      return status
    })
    await until(() => answered >= 8, { what: 'the refusals' })
    resolve({})
    const statuses = await Promise.all(held)
    expect(statuses.filter((status) => status === 429)).toHaveLength(8)
    expect((await ask(`${endpoint.url}/hook/Stop`, { headers })).status).toBe(200)
  })
})

describe('a hook', () => {
  it('goes to the newest listener of its own launch, whose answer is the answer', async () => {
    await using it = await world()
    await using endpoint = await it.open()
    const heard: unknown[] = []
    const listen = (name: string, launchId: string) =>
      endpoint.channel(name, launchId).onHook(async (hook, payload) => {
        heard.push([name, hook, payload])
        return { decision: name }
      })
    using _first = listen('coder0', 'l1')
    using _second = listen('coder1', 'l2')
    const post = (name: string, launchId: string) =>
      ask(`${endpoint.url}/hook/UserPromptSubmit`, { body: '{"prompt":"x"}', headers: bearer(endpoint.tokenOf(name, launchId)) })
    expect((await post('coder1', 'l2')).text).toBe('{"decision":"coder1"}')
    expect((await post('coder0', 'l1')).text).toBe('{"decision":"coder0"}')
    expect(heard).toEqual([
      ['coder1', 'UserPromptSubmit', { prompt: 'x' }],
      ['coder0', 'UserPromptSubmit', { prompt: 'x' }],
    ])
  })

  it('that fails, or that nobody listens to, is answered with nothing', async () => {
    await using it = await world()
    await using endpoint = await it.open()
    const headers = bearer(endpoint.tokenOf('coder0', 'l1'))
    const listening = endpoint.channel('coder0', 'l1').onHook(async () => {
      throw new Error('a fault of the adapter')
    })
    expect(await ask(`${endpoint.url}/hook/Stop`, { headers })).toEqual({ status: 200, text: '{}' })
    expect(it.said.join()).toContain('a fault of the adapter')
    listening[Symbol.dispose]()
    expect(await ask(`${endpoint.url}/hook/Stop`, { headers })).toEqual({ status: 200, text: '{}' })
  })
})

it('a tool is called without the protocol, in the name that the token proves', async () => {
  await using it = await world()
  await using endpoint = await it.open()
  const headers = { ...bearer(endpoint.tokenOf('coder0', 'l1')), 'idempotency-key': 'call-1' }
  const { text } = await ask(`${endpoint.url}/tool/echo`, { body: '{"name":"coder1"}', headers })
  expect(JSON.parse(JSON.parse(text).text)).toEqual({
    caller: { name: 'coder0', launchId: 'l1', callId: 'call-1' },
    input: { name: 'coder1' },
  })
})

describe('a service that is restarted', () => {
  it('has the same URL and knows the tokens that were given before', async () => {
    await using it = await world()
    const first = await it.open()
    const [url, token] = [first.url, first.tokenOf('coder0', 'l1')]
    await first[Symbol.asyncDispose]()
    await using second = await it.open()
    expect(second.url).toBe(url)
    expect((await ask(`${url}/hook/Stop`, { headers: bearer(token) })).status).toBe(200)
    expect(statSync(it.paths.endpointFile).mode & 0o777).toBe(0o600)
  })

  it('says that somebody else holds its port, and has it as soon as that one has gone', async () => {
    await using it = await world()
    const first = await it.open()
    const [{ url }, token] = [first, first.tokenOf('coder0', 'l1')]
    await first[Symbol.asyncDispose]()
    const squatter = createServer((socket) => socket.destroy())
    const { promise: listening, resolve } = Promise.withResolvers<void>()
    squatter.listen({ host: '127.0.0.1', port: Number(new URL(url).port) }, () => resolve())
    await listening
    await using second = await it.open()
    expect(second.note()).toContain('held by another process')
    squatter.close()
    await until(() => second.note() === null, { what: 'the port' })
    expect((await ask(`${url}/hook/Stop`, { headers: bearer(token) })).status).toBe(200)
    expect(it.said.join()).toContain('listens again')
  })

  it('chooses anew when what it kept is damaged, and follows no link', async () => {
    await using it = await world()
    mkdirSync(dirname(it.paths.endpointFile), { recursive: true })
    writeFileSync(it.paths.endpointFile, '{"port": 1, "secret": "short"}')
    chmodSync(it.paths.endpointFile, 0o644)
    await (await it.open({ tools: NO_TOOLS }))[Symbol.asyncDispose]()
    expect(JSON.parse(readFileSync(it.paths.endpointFile, 'utf8')).port).toBeGreaterThan(1_023)
    expect(statSync(it.paths.endpointFile).mode & 0o777).toBe(0o600)
    const linked = { endpointFile: `${it.paths.endpointFile}.link` }
    symlinkSync(it.paths.endpointFile, linked.endpointFile)
    await expect(it.open({ paths: linked })).rejects.toMatchObject({ code: 'refused' })
  })
})
