import { McpClient, type McpClientOptions } from '@mosaic/testkit/mcp-client'
import { tempHome } from '@mosaic/testkit/temp-home'
import { until } from '@mosaic/testkit/until'
import { describe, expect, it } from 'vitest'
import { resolvePaths } from '../paths.ts'
import { AgentEndpoint } from './agent-endpoint.ts'
import type { AgentTools } from './tools.ts'

const TOOLS: AgentTools = {
  list: [{ name: 'who', title: 'Who', description: 'who calls', inputSchema: { type: 'object' }, readOnly: true }],
  call: async ({ name }, tool, input) =>
    tool === 'who' ? { text: `${name} ${JSON.stringify(input)}`, isError: false, structured: { name } } : undefined,
}

async function world() {
  const home = await tempHome()
  const paths = resolvePaths({ env: home.env })
  const open = () => AgentEndpoint.open({ paths, tools: TOOLS, isCurrent: () => true, log: () => {}, version: '7' })
  let endpoint = await open()
  return {
    get endpoint() {
      return endpoint
    },
    client: (name = 'coder0', options: Partial<McpClientOptions> = {}) =>
      new McpClient({ url: endpoint.url, token: endpoint.tokenOf(name, 'l1'), ...options }),
    async restart() {
      await endpoint[Symbol.asyncDispose]()
      endpoint = await open()
    },
    async [Symbol.asyncDispose]() {
      await endpoint[Symbol.asyncDispose]()
      await home[Symbol.asyncDispose]()
    },
  }
}

describe('an MCP client', () => {
  it('is told what there is, in a version of the protocol that both know', async () => {
    await using it = await world()
    const client = it.client()
    expect((await client.initialize('2025-03-26')).body.result).toEqual({
      protocolVersion: '2025-03-26',
      capabilities: { tools: {} },
      serverInfo: { name: 'mosaic-fleet', version: '7' },
    })
    expect((await client.initialize('1999-01-01')).body.result).toMatchObject({ protocolVersion: '2025-11-25' })
    expect((await client.request('tools/list')).body.result).toEqual({
      tools: [
        {
          name: 'who',
          title: 'Who',
          description: 'who calls',
          inputSchema: { type: 'object' },
          annotations: { readOnlyHint: true, openWorldHint: false },
        },
      ],
    })
  })

  it('calls tools in the name that its token proves, and is answered when it pings', async () => {
    await using it = await world()
    const client = it.client('coder1')
    await client.initialize()
    expect(await client.call('who', { name: 'coder0' })).toEqual({
      isError: false,
      text: 'coder1 {"name":"coder0"}',
      structured: { name: 'coder1' },
    })
    expect((await client.request('ping')).body.result).toEqual({})
  })

  it('is told what is wrong with what it sent', async () => {
    await using it = await world()
    const client = it.client()
    expect((await client.request('tools/list')).status).toBe(400)
    await client.initialize()
    expect((await client.request('tools/call', { name: 'other' })).body.error).toMatchObject({ code: -32602 })
    expect((await client.request('resources/list')).body.error).toMatchObject({ code: -32601 })
    expect((await client.post([])).body.error).toMatchObject({ code: -32600 })
    expect((await client.post({ jsonrpc: '1.0', id: 1, method: 'ping' })).status).toBe(400)
  })

  it('does not get into the session of another agent', async () => {
    await using it = await world()
    const [own, other] = [it.client('coder0'), it.client('coder1')]
    await own.initialize()
    other.session = own.session
    expect((await other.request('tools/list')).status).toBe(404)
    expect(await other.listen()).toBe(404)
  })
})

describe('a ping', () => {
  it('is answered by who holds a stream open, and by nobody else', async () => {
    await using it = await world()
    using client = it.client()
    const channel = it.endpoint.channel('coder0', 'l1')
    expect(await channel.ping(20_000)).toBe(false)
    await client.initialize()
    expect(await channel.ping(20_000)).toBe(false)
    expect(await client.listen()).toBe(200)
    expect(await channel.ping(20_000)).toBe(true)
    expect(client.asked).toEqual(['ping'])
    expect(await it.endpoint.channel('coder1', 'l1').ping(20_000)).toBe(false)
  })

  it('that is not answered is not, and hinders no later one', async () => {
    await using it = await world()
    using deaf = it.client('coder0', { answersPings: false })
    await deaf.initialize()
    await deaf.listen()
    expect(await it.endpoint.channel('coder0', 'l1').ping(1)).toBe(false)
    const client = it.client()
    client.session = deaf.session
    using _ = client
    await client.listen()
    expect(await it.endpoint.channel('coder0', 'l1').ping(20_000)).toBe(true)
  })

  it('goes to the client that came first, not to those of programs that the agent started', async () => {
    await using it = await world()
    using own = it.client()
    using nested = it.client()
    await own.initialize()
    await until(async () => (await nested.initialize()).session?.slice(0, 11) !== own.session?.slice(0, 11), { what: 'a later session' })
    await nested.listen()
    await own.listen()
    await nested.listen()
    expect(await it.endpoint.channel('coder0', 'l1').ping(20_000)).toBe(true)
    expect([own.asked, nested.asked]).toEqual([['ping'], []])
  })

  it('ends with the stream it was asked over', async () => {
    await using it = await world()
    const client = it.client('coder0', { answersPings: false })
    await client.initialize()
    await client.listen()
    const asked = it.endpoint.channel('coder0', 'l1').ping(600_000)
    await until(() => client.asked.length === 1, { what: 'the ping' })
    client[Symbol.dispose]()
    expect(await asked).toBe(false)
  })

  it('of a launch that was followed by another is over', async () => {
    await using it = await world()
    using client = it.client()
    const before = it.endpoint.channel('coder0', 'l1')
    await client.initialize()
    await client.listen()
    it.endpoint.channel('coder0', 'l2')
    await until(async () => !(await before.ping(20_000)), { what: 'the end of its stream' })
  })
})

it('after a restart of the service a client goes on in its session, with its next request or its stream', async () => {
  await using it = await world()
  using client = it.client()
  await client.initialize()
  await client.listen()
  await it.restart()
  // Its connection ended with the service: a client asks once more.
  await until(async () => (await client.call('who')).text === 'coder0 {}', { what: 'the answer' })
  expect(await client.listen()).toBe(200)
  expect(await it.endpoint.channel('coder0', 'l1').ping(20_000)).toBe(true)
})
