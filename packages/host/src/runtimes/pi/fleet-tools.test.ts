import { writeFileSync } from 'node:fs'
import { fleetTools } from '@mosaic/domain/fleet-tools'
import { isMessageId } from '@mosaic/domain/message-text'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, it } from 'vitest'
import { AgentEndpoint } from '../../agent-endpoint/agent-endpoint.ts'
import type { ToolAnswer, ToolCaller } from '../../agent-endpoint/tools.ts'
import { resolvePaths } from '../../paths.ts'
import { type Endpoint, endpointOf, registerFleetTools } from './fleet-tools.ts'
import type { PiApi, PiTool } from './pi-api.ts'
import { toolsFile } from './tools-file.ts'

type Callee = (caller: ToolCaller, tool: string, input: unknown) => Promise<ToolAnswer | undefined>

async function world(callee: Callee) {
  const home = await tempHome()
  const paths = resolvePaths({ env: home.env })
  const open = () =>
    AgentEndpoint.open({
      paths,
      tools: { list: fleetTools(), call: callee },
      isCurrent: (_, launchId) => launchId === 'l1',
      log: () => {},
    })
  let endpoint: AgentEndpoint | undefined = await open()
  const { url } = endpoint
  const token = endpoint.tokenOf('coder0', 'l1')
  writeFileSync(toolsFile(home.root), JSON.stringify(fleetTools()))
  return {
    directory: home.root,
    url,
    token,
    ended: endpoint.tokenOf('coder0', 'l0'),
    tools: (changes: Partial<Endpoint> = {}) => {
      const tools = new Map<string, PiTool>()
      const pi = { registerTool: (tool: PiTool) => tools.set(tool.name, tool) } as unknown as PiApi
      registerFleetTools(pi, { url, token, ...changes }, home.root)
      return tools
    },
    async close() {
      await endpoint?.[Symbol.asyncDispose]()
      endpoint = undefined
    },
    async reopen() {
      endpoint = await open()
    },
    async [Symbol.asyncDispose]() {
      await endpoint?.[Symbol.asyncDispose]()
      await home[Symbol.asyncDispose]()
    },
  }
}

const run = (tool: PiTool | undefined, input: object = {}, signal?: AbortSignal) => tool?.execute('call', input, signal)

describe('the tools of the fleet in pi', () => {
  it('are those that every runtime has, with their schemas', async () => {
    await using it = await world(async () => undefined)
    const tools = [...it.tools().values()]
    expect(tools.map(({ name, parameters }) => [name, parameters])).toEqual(
      fleetTools().map(({ name, inputSchema }) => [name, inputSchema]),
    )
  })

  it('are called in the name of its launch, each call with an id of its own', async () => {
    const calls: [ToolCaller, string, unknown][] = []
    await using it = await world(async (...call) => {
      calls.push(call)
      return { text: 'peers', isError: false, structured: { count: 1 } }
    })
    const tool = it.tools().get('fleet_peers')
    expect(await run(tool)).toEqual({ content: [{ type: 'text', text: 'peers' }], details: { count: 1 } })
    await run(tool)
    expect(calls.map(([{ name, launchId }, called]) => [name, launchId, called])).toEqual(Array(2).fill(['coder0', 'l1', 'fleet_peers']))
    const ids = calls.map(([{ callId }]) => callId ?? '')
    expect(ids.every(isMessageId)).toBe(true)
    expect(new Set(ids).size).toBe(2)
  })

  it('say what was wrong in the words of the fleet', async () => {
    await using it = await world(async () => ({ text: 'no agent "x"', isError: true }))
    await expect(run(it.tools().get('fleet_send'), { to: 'x', message: 'y' })).rejects.toThrow('no agent "x"')
    await expect(run(it.tools({ token: it.ended }).get('fleet_peers'))).rejects.toThrow('not known to its fleet')
  })

  it('wait for a service that is restarted, and the call stays the same one', async () => {
    const ids: (string | undefined)[] = []
    await using it = await world(async ({ callId }) => {
      ids.push(callId)
      return { text: 'done', isError: false }
    })
    await it.close()
    const called = run(it.tools({ retryForMs: 60_000 }).get('fleet_peers'))
    await it.reopen()
    expect(await called).toMatchObject({ content: [{ text: 'done' }] })
    expect(ids).toHaveLength(1)
  })

  it('say that it is away when it stays away, and end when they are called off', async () => {
    await using it = await world(async () => undefined)
    await it.close()
    await expect(run(it.tools({ retryForMs: 0 }).get('fleet_peers'))).rejects.toThrow('is away')
    await expect(run(it.tools({ retryForMs: 60_000 }).get('fleet_peers'), {}, AbortSignal.abort())).rejects.toThrow()
  })

  it('are none outside a fleet', async () => {
    await using it = await world(async () => undefined)
    const registered: unknown[] = []
    registerFleetTools({ registerTool: (tool: PiTool) => registered.push(tool) } as unknown as PiApi, endpointOf({}), it.directory)
    expect(registered).toEqual([])
    expect(endpointOf({ MOSAIC_FLEET_URL: it.url, MOSAIC_FLEET_TOKEN: it.token })).toEqual({ url: it.url, token: it.token })
  })
})
