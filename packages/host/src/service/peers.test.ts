/** Clients that ask too much of the service: each is bounded, and another one is served meanwhile. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { Receipt } from '@mosaic/domain/message'
import { tempHome } from '@mosaic/testkit/temp-home'
import { TinyFleet } from '@mosaic/testkit/tiny-fleet'
import { until } from '@mosaic/testkit/until'
import { describe, expect, it } from 'vitest'
import { resolvePaths } from '../paths.ts'
import { connectService, type ServiceClient } from './client.ts'
import { MAX_REQUESTS, MAX_STREAMS } from './peers.ts'
import { ServiceServer } from './server.ts'

const MIB = 1024 * 1024
const line = (value: unknown) => `${JSON.stringify(value)}\n`

interface Hostile {
  socket: Socket
  /** The answers that it has read. */
  lines: { id: number; error?: { code: string; reason: string; message: string } }[]
  closed(): boolean
  /** Writes until the service ends the connection; gives how many bytes it took. */
  flood(chunk: string | Buffer, maxBytes: number): Promise<number>
}

/** Its waits end when they are told to. */
class WaitingFleet extends TinyFleet {
  readonly waits: (() => void)[] = []

  override async waitForReceipt(id: string): Promise<Receipt> {
    await new Promise<void>((resolve) => this.waits.push(resolve))
    return this.receipt(id)
  }
}

async function world(fleet = new TinyFleet()) {
  const home = await tempHome()
  const paths = resolvePaths({ env: home.env })
  mkdirSync(paths.sockets, { recursive: true, mode: 0o700 })
  writeFileSync(paths.serviceLock, '')
  const log: string[] = []
  const server = await ServiceServer.listen(paths.serviceSocket, {
    fleet,
    status: () => ({ pid: 1, version: '1', startedAt: '', socket: paths.serviceSocket }),
    actAs: (_, act) => act(),
    onShutdown: () => {},
    log: (text) => log.push(text),
  })
  const sockets: Socket[] = []
  return {
    fleet,
    log,
    client: async () => (await connectService(paths)) as ServiceClient,
    /** Another client is served now. */
    async serves(): Promise<void> {
      await using client = (await connectService(paths)) as ServiceClient
      expect((await client.status()).pid).toBe(1)
    },
    async hostile(options: { reads?: boolean } = {}): Promise<Hostile> {
      const socket = connect(paths.serviceSocket)
      sockets.push(socket)
      let closed = false
      socket
        .on('error', () => {})
        .on('close', () => {
          closed = true
        })
      const lines: Hostile['lines'] = []
      if (options.reads === false) socket.pause()
      else
        createInterface({ input: socket })
          .on('error', () => {})
          .on('line', (text) => lines.push(JSON.parse(text) as Hostile['lines'][number]))
      await new Promise((resolve) => socket.once('connect', resolve))
      return {
        socket,
        lines,
        closed: () => closed,
        async flood(chunk, maxBytes) {
          let sent = 0
          for (; sent < maxBytes && !closed && lines.every(({ id }) => id !== 0); sent += chunk.length) {
            if (!socket.writable) break
            if (!socket.write(chunk)) await until(() => !socket.writableNeedDrain || closed, { what: 'room for more', everyMs: 1 })
          }
          return sent
        },
      }
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await server[Symbol.asyncDispose]()
      await home[Symbol.asyncDispose]()
    },
  }
}

describe('a client of the service', () => {
  it('that sends a line without end is told so and cut off, long before the service is full', async () => {
    await using it = await world()
    const hostile = await it.hostile()
    expect(await hostile.flood(Buffer.alloc(64 * 1024, 'x'), 64 * MIB)).toBeLessThan(8 * MIB)
    await until(() => hostile.lines.length > 0, { what: 'the reason' })
    expect(hostile.lines).toEqual([{ id: 0, error: expect.objectContaining({ code: 'refused', reason: 'too-large' }) }])
    await until(hostile.closed, { what: 'the end of the connection' })
    expect(it.log).toEqual([expect.stringContaining('a client was cut off: a request of more than 1048576 bytes')])
    await it.serves()
  })

  it('learns from its own error why its request was too large', async () => {
    await using it = await world()
    await using client = await it.client()
    const request = { id: 'm1', to: 'enhancer', from: 't@h:x', text: 'x'.repeat(2 * MIB), urgent: false }
    await expect(client.send(request)).rejects.toMatchObject({ code: 'refused', reason: 'too-large' })
    await expect(client.status()).rejects.toMatchObject({ code: 'refused', reason: 'too-large' })
    await it.serves()
  })

  it('that asks and never reads the answers is cut off', async () => {
    await using it = await world()
    const hostile = await it.hostile({ reads: false })
    const sent = await hostile.flood(line({ id: 1, method: 'status' }).repeat(2_000), 512 * MIB)
    expect(sent).toBeLessThan(64 * MIB)
    await it.serves()
    expect(it.log).toEqual([expect.stringMatching(/cut off: .*(keep in memory|cannot be answered)/)])
  })

  it('that asks for more at once than can be under way is refused the rest, and keeps what it has', async () => {
    await using it = await world()
    const hostile = await it.hostile()
    await using client = await it.client()
    await client.send({ id: 'm1', to: 'enhancer', from: 't@h:x', text: 'x', urgent: false })
    for (let id = 1; id <= MAX_REQUESTS + 5; id += 1) {
      hostile.socket.write(line({ id, method: 'waitForReceipt', params: { id: 'm1', timeoutMs: 500 } }))
    }
    await until(() => hostile.lines.length >= MAX_REQUESTS + 5, { what: 'all answers' })
    const refused = hostile.lines.filter(({ error }) => error !== undefined)
    expect(refused.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5].map((more) => MAX_REQUESTS + more))
    expect(refused[0]?.error).toMatchObject({ code: 'refused', reason: 'too-many-requests' })
  })

  it('that goes takes its waits with it', async () => {
    const fleet = new WaitingFleet()
    await using it = await world(fleet)
    await using client = await it.client()
    await client.send({ id: 'm1', to: 'enhancer', from: 't@h:x', text: 'x', urgent: false })
    const hostile = await it.hostile()
    hostile.socket.write(`${line({ id: 1, method: 'events' })}{"id":2,"method":"waitForReceipt","params":{"id":"m1","timeoutMs":1e999}}\n`)
    for (const count of [1, 2, 3]) {
      await until(() => fleet.waits.length === count && fleet.followers === 1, { what: 'the wait to go on' })
      fleet.waits.at(-1)?.()
    }
    await until(() => fleet.waits.length === 4, { what: 'the wait to go on' })
    hostile.socket.destroy()
    await until(() => fleet.followers === 0, { what: 'the service to see that it is gone' })
    fleet.waits.at(-1)?.()
    await it.serves()
    expect(fleet.waits).toHaveLength(4)
  })

  it('that opens stream after stream gets a few, and none twice under one id', async () => {
    await using it = await world()
    const hostile = await it.hostile()
    hostile.socket.write(line({ id: 1, method: 'events' }).repeat(2))
    for (let id = 2; id <= MAX_STREAMS + 3; id += 1) hostile.socket.write(line({ id, method: 'events' }))
    await until(() => hostile.lines.length === 4, { what: 'four refusals' })
    expect(hostile.lines.map(({ id, error }) => [id, error?.code])).toEqual([
      [1, 'invalid'],
      ...[1, 2, 3].map((more) => [MAX_STREAMS + more, 'refused']),
    ])
    expect(it.fleet.followers).toBe(MAX_STREAMS)
    hostile.socket.destroy()
    await until(() => it.fleet.followers === 0, { what: 'the end of all streams' })
  })
})

describe('a flood of requests that cannot be answered', () => {
  it.each([
    ['events', 'no stream more'],
    ['nonsense', 'no method'],
  ])('(%s: %s) is answered a thousand times at most, and then cut off', async (method) => {
    await using it = await world()
    const hostile = await it.hostile()
    await hostile.flood(line({ id: 1, method }).repeat(100), 64 * MIB)
    await until(hostile.closed, { what: 'the end of the connection' })
    expect(hostile.lines.filter(({ id }) => id === 1).length).toBeLessThanOrEqual(1_000 + MAX_STREAMS)
    expect(it.log).toEqual([expect.stringContaining('request after request that cannot be answered')])
    await it.serves()
  })
})

describe('many connections', () => {
  it('of which none says anything give way to those that ask', async () => {
    await using it = await world()
    await using early = await it.client()
    await early.status()
    const idle: Hostile[] = []
    for (let count = 0; count < 400; count += 1) idle.push(await it.hostile())
    await it.serves()
    expect((await early.status()).pid).toBe(1)
    await until(() => idle.filter(({ closed }) => closed()).length >= 145, { what: 'the end of those beyond the bound' })
    expect(idle[0]?.lines).toEqual([{ id: 0, error: expect.objectContaining({ code: 'refused', reason: 'too-many-peers' }) }])
    expect(idle.at(-1)?.closed()).toBe(false)
    expect(it.log).toHaveLength(1)
  })

  it('that all wait for something leave room for others', async () => {
    await using it = await world()
    for (let count = 0; count < 300; count += 1) {
      const { socket } = await it.hostile()
      socket.write(line({ id: 1, method: 'events' }))
    }
    await it.serves()
    await until(() => it.fleet.followers <= 256, { what: 'the end of those beyond the bound' })
  })

  it('that each hold a little less than one may are bounded together', async () => {
    await using it = await world()
    const part = Buffer.alloc(MIB - 1024, 'x')
    const hostile: Hostile[] = []
    for (let count = 0; count < 120; count += 1) {
      const peer = await it.hostile()
      hostile.push(peer)
      await new Promise((resolve) => peer.socket.write(part, resolve))
    }
    await until(() => hostile.filter(({ closed }) => closed()).length >= 50, { what: 'the end of those that hold most' })
    await it.serves()
  })
})
