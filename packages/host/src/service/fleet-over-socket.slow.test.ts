import { once } from 'node:events'
import { statSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { fleetContract } from '@mosaic/testkit/contracts/fleet-contract'
import { allHealthy, CORE, FleetHome, healthIs, listenTo, refusal } from '@mosaic/testkit/contracts/fleet-home'
import { eventuallyDead, killNine } from '@mosaic/testkit/faults'
import { isAlive } from '@mosaic/testkit/processes'
import { until } from '@mosaic/testkit/until'
import { describe, expect, test } from 'vitest'
import { resolvePaths } from '../paths.ts'
import type { ServiceClient } from './client.ts'
import { connectService } from './client.ts'
import { ensureService } from './start.ts'

const pathsOf = (home: FleetHome) => resolvePaths({ env: home.env })
const serviceOf = (home: FleetHome) => ensureService(pathsOf(home), { env: home.env })

fleetContract('the socket of the host service', async (home) => {
  const fleet = await serviceOf(home)
  return { fleet, [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose]() }
})

const served = (act: (client: ServiceClient, home: FleetHome) => Promise<void>) => async () => {
  await using home = new FleetHome()
  home.writeRoster(CORE)
  await using client = await serviceOf(home)
  await act(client, home)
}

/** A peer that speaks as it likes. */
async function peer(home: FleetHome): Promise<{ socket: Socket; said(): string; closed: Promise<unknown> }> {
  const socket = connect(pathsOf(home).serviceSocket)
  let said = ''
  socket.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  socket.on('error', () => {})
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await once(socket, 'connect')
  return { socket, said: () => said, closed }
}

describe('the host service', () => {
  test('is one, however many start it at the same time, and listens for its own user alone', async () => {
    await using home = new FleetHome()
    home.writeRoster(CORE)
    const clients = await Promise.all(Array.from({ length: 4 }, () => serviceOf(home)))
    const pids = await Promise.all(clients.map(async (client) => (await client.status()).pid))
    expect(new Set(pids).size).toBe(1)
    expect(await (await connectService(pathsOf(home)))?.status()).toMatchObject({ pid: pids[0], socket: pathsOf(home).serviceSocket })
    expect(statSync(pathsOf(home).serviceSocket).mode & 0o777).toBe(0o600)
    expect(statSync(dirname(pathsOf(home).serviceSocket)).mode & 0o777).toBe(0o700)
  })

  test('is not there where none was started', async () => {
    await using home = new FleetHome()
    expect(await connectService(pathsOf(home))).toBeUndefined()
  })

  test('that cannot start says why', async () => {
    await using home = new FleetHome()
    home.writeRosterText('agents: {')
    const error = await refusal(serviceOf(home))
    expect(error).toMatchObject({ code: 'not_done', reason: 'observer_down', mend: 'mosaic fleet doctor' })
    expect(error.message).toContain('roster.yaml:1')
  })

  test(
    'shows every client the same fleet, and each what the others did',
    served(async (client, home) => {
      await using other = await serviceOf(home)
      await using heard = listenTo(other)
      await other.snapshot()
      await client.start()
      await heard.heard('launched', 'enhancer')
      await allHealthy(other)
      expect((await other.snapshot()).agents.map(({ pid }) => pid)).toEqual((await client.snapshot()).agents.map(({ pid }) => pid))
    }),
  )

  test(
    'goes on with an order whose client has gone',
    served(async (client, home) => {
      const gone = await serviceOf(home)
      const lost = refusal(gone.start())
      await gone[Symbol.asyncDispose]()
      expect(await lost).toMatchObject({ code: 'not_done' })
      await healthIs(client, 'enhancer', 'healthy')
    }),
  )

  test(
    'cuts off who does not speak its language, and nobody else',
    served(async (client, home) => {
      for (const line of ['not json\n', '[]\n', '{"id":"x"}\n', 'null\n', '5\n', `${'x'.repeat(17 * 1024 * 1024)}`]) {
        const { socket, closed } = await peer(home)
        socket.write(line)
        await closed
      }
      expect((await client.snapshot()).agents).toHaveLength(2)
    }),
  )

  test(
    'refuses what it does not know or cannot read, and goes on with the same client',
    served(async (_client, home) => {
      const { socket, said } = await peer(home)
      const requests = [
        { id: 1, method: 'rm' },
        { id: 2, method: 'constructor', params: {} },
        { id: 3, method: 'agent', params: { name: 5 } },
        { id: 4, method: 'start', params: { names: 'enhancer' } },
        { id: 5, method: 'send', params: null },
        { id: 6, method: 'commsBlock', params: { name: 'enhancer' } },
      ]
      for (const request of requests) socket.write(`${JSON.stringify(request)}\n`)
      const answers = await until(() => said().split('\n').length > requests.length && said().trimEnd().split('\n'))
      const byId = new Map(answers.map((line) => JSON.parse(line)).map((answer) => [answer.id, answer]))
      for (const id of [1, 2, 3, 4, 5]) expect(byId.get(id)).toMatchObject({ error: { code: 'invalid', mend: expect.any(String) } })
      expect(byId.get(6).result).toContain('enhancer')
      socket.destroy()
    }),
  )

  test(
    'that is killed fails every call and every stream of its clients, and leaves the agents alone',
    served(async (client, home) => {
      await client.start(['orchestrator'])
      const { agents } = await allHealthy(client, ['orchestrator'])
      const { pid } = await client.status()
      const message = home.message('enhancer', 'for somebody who is stopped')
      await client.send(message)
      const stream = refusal(
        (async () => {
          for await (const event of client.events({ signal: new AbortController().signal })) expect(event).toBeDefined()
        })(),
      )
      const waiting = refusal(client.waitForReceipt(message.id, 60_000))
      killNine(pid)
      await eventuallyDead(pid)
      expect(await stream).toMatchObject({ code: 'not_done', reason: 'observer_down' })
      expect(await waiting).toMatchObject({ code: 'not_done', reason: 'observer_down' })
      expect(await refusal(client.snapshot())).toMatchObject({ code: 'not_done', reason: 'observer_down', mend: 'mosaic fleet start' })
      expect(isAlive(agents[0]?.pid ?? 0)).toBe(true)
    }),
  )

  test(
    'ends the streams of a listener that goes, and serves one that does not read without waiting for it',
    served(async (client, home) => {
      const deaf = await peer(home)
      deaf.socket.pause()
      deaf.socket.write('{"id":1,"method":"events","params":{"sinceSeq":0}}\n')
      const passing = listenTo(client)
      await passing[Symbol.asyncDispose]()
      for (let round = 0; round < 300; round += 1) await (round % 2 === 0 ? client.pause() : client.resume())
      deaf.socket.resume()
      await until(() => deaf.said().split('\n').length > 300)
      deaf.socket.destroy()
      expect(await client.snapshot()).toMatchObject({ paused: false })
      expect(passing.events.length).toBe(0)
    }),
  )
})
