import { readFileSync } from 'node:fs'
import { decodeEnvFile } from '@mosaic/domain/env-file'
import { allHealthy, FleetHome, healthIs } from '@mosaic/testkit/contracts/fleet-home'
import { McpClient } from '@mosaic/testkit/mcp-client'
import { until } from '@mosaic/testkit/until'
import { expect, test } from 'vitest'
import { openLocalFleet } from '../fixtures/local-fleet-of.ts'
import { resolvePaths } from '../paths.ts'

const NAMES = ['boss', 'coder0', 'coder1', 'coder2']
const ROSTER = NAMES.map((name) => ({ name, class: name === 'boss' ? 'orchestrator' : 'coder', runtime: 'stub' }))

/** A client with what the agent's own process was told. */
function clientOf(home: FleetHome, name: string): McpClient {
  const env = decodeEnvFile(readFileSync(resolvePaths({ env: home.env }).envOf(name), 'utf8'))
  return new McpClient({ url: env['MOSAIC_FLEET_URL'] ?? '', token: env['MOSAIC_FLEET_TOKEN'] ?? '' })
}

test('one endpoint serves every agent of a fleet, each in its own name, also after the service was restarted', async () => {
  await using home = new FleetHome()
  home.writeRoster(ROSTER)
  const first = await openLocalFleet({ env: home.env })
  await first.fleet.start()
  await allHealthy(first.fleet)
  const clients = NAMES.map((name) => clientOf(home, name))
  await Promise.all(clients.map((client) => client.initialize()))
  const [boss, coder0] = clients as [McpClient, McpClient]
  const sent = await Promise.all(clients.map((client) => client.call('fleet_send', { to: 'coder0', message: 'hello', wait_seconds: 30 })))
  expect(sent.map(({ structured }) => structured['state'])).toEqual(NAMES.map(() => 'accepted'))
  const { structured: inbox } = await coder0.call('fleet_inbox')
  const senders = (inbox['messages'] as { from: string }[]).map(({ from }) => from.slice(from.indexOf(':') + 1))
  expect(senders.sort()).toEqual([...NAMES].sort())
  const { structured: peers } = await boss.call('fleet_peers')
  expect(peers).toMatchObject({ orchestrator: 'boss', agents: NAMES.map((name) => ({ name, you: name === 'boss', health: 'healthy' })) })

  await first[Symbol.asyncDispose]()
  await using second = await openLocalFleet({ env: home.env })
  const report = { kind: 'result', task: 'the parser', text: 'done', percent: 100 }
  await until(async () => !(await coder0.call('fleet_report', report)).isError, { what: 'the next call in the same session' })
  await coder0.call('fleet_escalate', { trigger: 'budget_cap', text: 'more?' })
  expect(await second.fleet.reports({ agent: 'coder0', limit: 5 })).toMatchObject([{ agent: 'coder0', task: 'the parser', percent: 100 }])
  const [escalation] = (await second.fleet.snapshot()).escalations
  expect(escalation).toMatchObject({ agent: 'coder0', trigger: 'budget_cap' })
  await second.fleet.acknowledge(escalation?.id ?? '')
  expect((await second.fleet.snapshot()).escalations).toEqual([])
})

test('a token is dead as soon as its launch has ended, and the next launch has another', async () => {
  await using home = new FleetHome()
  home.writeRoster(ROSTER.slice(0, 1))
  await using opened = await openLocalFleet({ env: home.env })
  await opened.fleet.start()
  await healthIs(opened.fleet, 'boss', 'healthy')
  const before = clientOf(home, 'boss')
  expect((await before.initialize()).status).toBe(200)
  await opened.fleet.restart(['boss'])
  expect((await before.request('tools/list')).status).toBe(401)
  const after = clientOf(home, 'boss')
  expect((await after.initialize()).status).toBe(200)
  await opened.fleet.stop(['boss'])
  expect((await after.request('tools/list')).status).toBe(401)
})
