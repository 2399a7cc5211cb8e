import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { turn } from '@mosaic/testkit/fake-clock'
import { tempHome } from '@mosaic/testkit/temp-home'
import { TinyFleet } from '@mosaic/testkit/tiny-fleet'
import { until } from '@mosaic/testkit/until'
import { describe, expect, it } from 'vitest'
import { resolvePaths } from '../paths.ts'
import { ServiceServer } from './server.ts'

interface Peer {
  socket: Socket
  lines: Record<string, unknown>[]
  closed: () => boolean
}

async function world() {
  const home = await tempHome()
  const { sockets, serviceSocket } = resolvePaths({ env: home.env })
  mkdirSync(sockets, { recursive: true, mode: 0o700 })
  // What a killed service left.
  writeFileSync(serviceSocket, '')
  const fleet = new TinyFleet()
  const server = await ServiceServer.listen(serviceSocket, {
    fleet,
    status: () => ({ pid: 1, version: '1', startedAt: '', socket: serviceSocket }),
    actAs: (_, act) => act(),
    onShutdown: () => {},
    log: () => {},
  })
  const peers: Socket[] = []
  return {
    fleet,
    server,
    serviceSocket,
    async peer(options: { reads?: boolean } = {}): Promise<Peer> {
      const socket = connect(serviceSocket)
      peers.push(socket)
      let closed = false
      socket.on('error', () => {})
      socket.on('close', () => {
        closed = true
      })
      const lines: Record<string, unknown>[] = []
      if (options.reads === false) socket.pause()
      else {
        const read = createInterface({ input: socket }).on('error', () => {})
        read.on('line', (text) => lines.push(JSON.parse(text) as Record<string, unknown>))
      }
      await new Promise((resolve) => socket.once('connect', resolve))
      return { socket, lines, closed: () => closed }
    },
    async [Symbol.asyncDispose]() {
      for (const socket of peers) socket.destroy()
      await server[Symbol.asyncDispose]()
      await home[Symbol.asyncDispose]()
    },
  }
}

const line = (value: unknown) => `${JSON.stringify(value)}\n`
const answer = (peer: Peer, id: number) =>
  until(() => peer.lines.find((each) => each['id'] === id), { what: `the answer ${id}` }) as Promise<{ error?: { code: string } }>

describe('the service socket', () => {
  it('is for its owner alone, and replaces what a killed one left', async () => {
    await using it = await world()
    expect(statSync(it.serviceSocket).isSocket()).toBe(true)
    expect(statSync(it.serviceSocket).mode & 0o777).toBe(0o600)
  })

  it.each(['constructor', '__proto__', 'toString', 'events2', '', 'Status', 'x'.repeat(100_000)])(
    'knows no method %.20s',
    async (method) => {
      await using it = await world()
      const peer = await it.peer()
      peer.socket.write(line({ id: 1, method, params: {} }))
      expect((await answer(peer, 1)).error).toMatchObject({ code: 'invalid' })
    },
  )

  it.each([
    ['agent', {}],
    ['agent', { name: 5 }],
    ['agent', null],
    ['agent', 'x'],
    ['start', { names: 'orchestrator' }],
    ['start', { names: ['orchestrator', 5] }],
    ['send', { id: 'm1', to: 'enhancer', from: 't@h:x' }],
    ['receipt', { id: ['m1'] }],
  ])('refuses %s with %j as a bad request', async (method, params) => {
    await using it = await world()
    const peer = await it.peer()
    peer.socket.write(line({ id: 1, method, params }))
    expect((await answer(peer, 1)).error).toMatchObject({ code: 'invalid', message: expect.stringContaining('bad request') })
    expect(it.fleet.calls).toEqual([])
  })

  it.each([5, 1_000, 0, -1, 1.5, 1e9, 'x', null, undefined])('asks for a sane number of receipts when it is told %j', async (limit) => {
    await using it = await world()
    const peer = await it.peer()
    peer.socket.write(line({ id: 1, method: 'receipts', params: { name: 'enhancer', limit } }))
    await answer(peer, 1)
    const [, asked] = it.fleet.calls.find(([what]) => what === 'limit') ?? []
    expect(Number.isInteger(asked) && Number(asked) >= 1 && Number(asked) <= 1_000).toBe(true)
  })

  it.each(['nonsense', '', 'null', '5', '"x"', '[]', '{}', '{"id":"1","method":"status"}', '{"id":1', '\u0000'])(
    'cuts off who sends the line %j, and goes on serving the others',
    async (text) => {
      await using it = await world()
      const [bad, good] = [await it.peer(), await it.peer()]
      bad.socket.write(`${text}\n`)
      await until(bad.closed, { what: 'the end of the connection' })
      good.socket.write(line({ id: 7, method: 'status' }))
      expect(await answer(good, 7)).toHaveProperty('result')
    },
  )

  it('does nothing of what follows a line that is none', async () => {
    await using it = await world()
    const bad = await it.peer()
    bad.socket.write(`{"id":"x"}\n${line({ id: 1, method: 'stop' })}`)
    await until(bad.closed, { what: 'the end of the connection' })
    expect(it.fleet.calls).toEqual([])
  })

  it('cuts off who sends a line without end', async () => {
    await using it = await world()
    const bad = await it.peer()
    const chunk = Buffer.alloc(1024 * 1024, 'x')
    for (let sent = 0; sent < 18 && !bad.closed(); sent += 1) {
      bad.socket.write(chunk)
      await until(() => !bad.socket.writableNeedDrain || bad.closed(), { what: 'room for more', everyMs: 1 })
    }
    await until(bad.closed, { what: 'the end of the connection' })
    const good = await it.peer()
    good.socket.write(line({ id: 1, method: 'status' }))
    await answer(good, 1)
  })

  it('reads lines however they are cut', async () => {
    await using it = await world()
    const peer = await it.peer()
    const text = '漢字 🎉'
    const ask = (id: number) => line({ id, method: 'send', params: { id: `m${id}`, to: 'enhancer', from: 't@h:x', text } })
    for (const byte of Buffer.from(ask(1))) {
      peer.socket.write(Buffer.from([byte]))
      await turn()
    }
    peer.socket.write(`${ask(2)}${ask(3)}${ask(4).slice(0, 9)}`)
    await answer(peer, 3)
    peer.socket.write(ask(4).slice(9))
    await answer(peer, 4)
    expect(it.fleet.sent.map((sent) => sent.text)).toEqual([text, text, text, text])
  })

  it('ends a stream that is cancelled, and only that', async () => {
    await using it = await world()
    const peer = await it.peer()
    for (const id of [1, 2]) peer.socket.write(line({ id, method: 'events' }))
    await until(() => it.fleet.followers === 2, { what: 'two streams' })
    peer.socket.write(line({ id: 1, cancel: true }))
    await until(() => it.fleet.followers === 1, { what: 'one stream' })
    it.fleet.emit('news')
    await until(() => peer.lines.some((each) => each['id'] === 2 && 'item' in each), { what: 'the news' })
    expect(peer.lines.filter((each) => 'item' in each)).toHaveLength(1)
    peer.socket.write(line({ id: 99, cancel: true }))
    peer.socket.write(line({ id: 3, method: 'status' }))
    await answer(peer, 3)
  })

  it('waits for a reader that is slow, without piling up listeners', async () => {
    await using it = await world()
    const warnings: string[] = []
    const warned = (warning: Error) => warnings.push(warning.message)
    process.on('warning', warned)
    try {
      const slow = await it.peer({ reads: false })
      slow.socket.write(line({ id: 1, method: 'events', params: { sinceSeq: 0 } }))
      const large = { padding: 'x'.repeat(200_000) }
      for (let count = 0; count < 60; count += 1) it.fleet.emit('large', large)
      await until(() => it.fleet.followers === 1, { what: 'the stream' })
      let bytes = 0
      slow.socket.on('data', (chunk: Buffer) => {
        bytes += chunk.length
      })
      slow.socket.resume()
      await until(() => bytes > 60 * 200_000, { what: 'all of it' })
      expect(warnings).toEqual([])
    } finally {
      process.off('warning', warned)
    }
  })

  it('can be closed although somebody neither reads nor leaves', async () => {
    const it = await world()
    const stuck = await it.peer({ reads: false })
    stuck.socket.write(line({ id: 1, method: 'events', params: { sinceSeq: 0 } }))
    for (let count = 0; count < 20; count += 1) it.fleet.emit('large', { padding: 'x'.repeat(1_000_000) })
    await until(() => it.fleet.followers === 1, { what: 'the stream' })
    let closed = false
    const closing = it.server[Symbol.asyncDispose]().then(() => {
      closed = true
    })
    try {
      await until(() => closed, { what: 'the end of the service' })
    } finally {
      stuck.socket.destroy()
      await closing
      await it[Symbol.asyncDispose]()
    }
  })

  it('finishes what it is answering when it closes', async () => {
    await using it = await world()
    const peer = await it.peer()
    peer.socket.write(line({ id: 1, method: 'status' }))
    await answer(peer, 1)
    await it.server[Symbol.asyncDispose]()
    await until(peer.closed, { what: 'the end of the connection' })
  })
})
