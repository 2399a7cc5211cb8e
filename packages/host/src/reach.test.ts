import { FakeClock } from '@mosaic/testkit/fake-clock'
import { McpClient } from '@mosaic/testkit/mcp-client'
import { ScriptedHost } from '@mosaic/testkit/scripted-receiver'
import { tempHome } from '@mosaic/testkit/temp-home'
import { until } from '@mosaic/testkit/until'
import { expect, it } from 'vitest'
import { AgentEndpoint } from './agent-endpoint/agent-endpoint.ts'
import { NO_TOOLS } from './agent-endpoint/tools.ts'
import { resolvePaths } from './paths.ts'
import { Reach } from './reach.ts'
import { stubAdapter } from './runtimes/stub/adapter.ts'
import type { SupervisorEvent } from './supervisor/embedded/supervisor-event.ts'

/** An agent, and another whose name begins alike, each with a stream that something of theirs holds. */
async function world() {
  const home = await tempHome()
  const paths = resolvePaths({ env: home.env })
  const log = () => {}
  const endpoint = await AgentEndpoint.open({ paths, log, tools: NO_TOOLS, isCurrent: () => true })
  const reach = new Reach({ paths, clock: new FakeClock(), host: new ScriptedHost([]), endpoint, log, adapterOf: () => stubAdapter })
  const reached = async (name: string) => {
    const client = new McpClient({ url: endpoint.url, token: endpoint.tokenOf(name, 'l1') })
    await client.initialize()
    await client.listen()
    return endpoint.channel(name, 'l1')
  }
  return {
    reach,
    endpoint,
    coder: await reached('coder'),
    coder0: await reached('coder0'),
    async [Symbol.asyncDispose]() {
      await reach[Symbol.asyncDispose]()
      await home[Symbol.asyncDispose]()
    },
  }
}

const life = (to: string): SupervisorEvent => ({ kind: 'life', name: 'coder', from: 'up', to, detail: null })

it.each<[string, SupervisorEvent]>([
  ['died', { kind: 'died', name: 'coder', exit: 'status 1', lastScreen: '' }],
  ['was stopped', life('down')],
  ['waits to be started again', life('backoff')],
  ['failed', life('failed')],
  ['is launched anew', { kind: 'launching', name: 'coder' }],
])('forgets how an agent was reached that %s, and closes what is still read of it', async (_, event) => {
  await using it = await world()
  expect(await it.coder.ping(20_000)).toBe(true)
  it.reach.heed(event)
  await until(() => !it.coder.hasStream, { what: 'the end of the stream' })
  expect(it.endpoint.channel('coder', 'l1')).not.toBe(it.coder)
  expect(it.endpoint.channel('coder0', 'l1')).toBe(it.coder0)
  expect(await it.coder0.ping(20_000)).toBe(true)
})

it.each(['starting', 'up', 'stopping'])('hears an agent on that is %s', async (state) => {
  await using it = await world()
  it.reach.heed(life(state))
  expect(it.endpoint.channel('coder', 'l1')).toBe(it.coder)
  expect(await it.coder.ping(20_000)).toBe(true)
})
