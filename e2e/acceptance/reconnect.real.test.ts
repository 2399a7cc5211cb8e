import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { eventuallyDead, killNine } from '@mosaic/testkit/faults'
import { until } from '@mosaic/testkit/until'
import { expect, it, vi } from 'vitest'
import { runtimeUnderTest } from './runtimes.ts'
import { AGENT, Scene } from './scene.ts'

vi.setConfig({ testTimeout: 600_000 })

/** Longer than any pause between two of its tries, milliseconds. */
const QUIET_MS = 30_000

/** Holds the port that the host service would take again, and resolves when whoever calls it has given it up. */
async function givenUp(port: number): Promise<void> {
  let [calls, lastMs] = [0, performance.now()]
  const server = createServer((socket) => {
    calls += 1
    lastMs = performance.now()
    socket.destroy()
  })
  await once(server.listen(port, '127.0.0.1'), 'listening')
  try {
    const quiet = () => calls > 0 && performance.now() - lastMs > QUIET_MS
    await until(quiet, { what: 'the end of all tries', everyMs: 500, withinMs: 300_000 })
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
}

it('claude comes back to a host service that was away for longer than it tries, and is asked nothing for it', async () => {
  await using scene = await Scene.open(runtimeUnderTest.claude)
  const { fleet, llm } = scene
  await scene.idle()
  const { port } = JSON.parse(readFileSync(fleet.paths.endpointFile, 'utf8')) as { port: number }
  const requests = llm.requests().length
  const service = await fleet.servicePid()
  killNine(service)
  await eventuallyDead(service, { everyMs: 1 })
  await givenUp(port)
  const back = await until(async () => (await fleet.agent(AGENT)).health === 'healthy', {
    what: 'a healthy agent',
    everyMs: 500,
    withinMs: 240_000,
  })
  expect(back).toBe(true)
  expect(llm.requests()).toHaveLength(requests)
  expect((await fleet.send(AGENT, 'Are you there?')).receipt).toMatchObject({ state: 'accepted', attempts: 1 })
})
