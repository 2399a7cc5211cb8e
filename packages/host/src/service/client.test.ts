import { chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { FleetEvent } from '@mosaic/domain/agent-record'
import { FleetError } from '@mosaic/domain/error'
import { turn } from '@mosaic/testkit/fake-clock'
import { nodeProgram } from '@mosaic/testkit/node-program'
import { tempHome } from '@mosaic/testkit/temp-home'
import { BROKEN, SECRET, TinyFleet } from '@mosaic/testkit/tiny-fleet'
import { until } from '@mosaic/testkit/until'
import { describe, expect, it } from 'vitest'
import { type MosaicPaths, resolvePaths } from '../paths.ts'
import { connectService, type ServiceClient } from './client.ts'
import { ServiceServer } from './server.ts'

const STATUS = { pid: process.pid, version: '1', startedAt: 'now', socket: 's' }

async function place() {
  const home = await tempHome()
  const paths = resolvePaths({ env: home.env })
  mkdirSync(paths.sockets, { recursive: true, mode: 0o700 })
  writeFileSync(paths.serviceLock, '')
  return { home, paths, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() }
}

async function connected(paths: MosaicPaths): Promise<ServiceClient> {
  const client = await connectService(paths)
  if (client === undefined) throw new Error('nobody listens')
  return client
}

async function world() {
  const { home, paths } = await place()
  const fleet = new TinyFleet()
  const log: string[] = []
  let shutdowns = 0
  const server = await ServiceServer.listen(paths.serviceSocket, {
    fleet,
    status: () => STATUS,
    actAs: (_, act) => act(),
    onShutdown: () => {
      shutdowns += 1
    },
    log: (text) => log.push(text),
  })
  const client = await connected(paths)
  return {
    paths,
    fleet,
    log,
    server,
    client,
    shutdowns: () => shutdowns,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
      await home[Symbol.asyncDispose]()
    },
  }
}

/** A service in a process of its own, which can be killed. */
const SERVICE = `import { ServiceServer } from ${JSON.stringify(import.meta.resolve('./server.ts'))}
  import { TinyFleet } from ${JSON.stringify(import.meta.resolve('@mosaic/testkit/tiny-fleet'))}
  const fleet = new TinyFleet()
  await ServiceServer.listen(process.argv[1], { fleet, status: () => ({}), actAs: (_, act) => act(), onShutdown: () => {}, log: () => {} })
  process.stdin.on('data', () => fleet.emit('told'))
  console.log('listening')`

const request = (id: string, text = 'x') => ({ id, to: 'enhancer', from: 't@h:operator', text, urgent: false })

/** Follows until `count` events came, or until it ends. */
async function take(events: AsyncIterable<FleetEvent>, count = Number.POSITIVE_INFINITY): Promise<string[]> {
  const kinds: string[] = []
  for await (const { kind } of events) if (kinds.push(kind) === count) break
  return kinds
}

describe('a fleet behind a socket', () => {
  it('answers every verb as the fleet itself would', async () => {
    await using it = await world()
    const { client, fleet } = it
    expect(await client.status()).toEqual(STATUS)
    expect(await client.snapshot()).toEqual(await fleet.snapshot())
    expect(await client.commsBlock('enhancer')).toBe('# enhancer')
    expect(await client.start()).toEqual(await fleet.start())
    expect(await client.start([])).toEqual([])
    expect(await client.stop(['enhancer'])).toEqual([{ name: 'enhancer', did: 'stopped', detail: null }])
    expect(await client.restart(['enhancer'])).toMatchObject([{ did: 'restarted' }])
    expect(await client.reset('enhancer', { newSession: true })).toMatchObject({ did: 'new-session' })
    expect(await client.reset('enhancer', { newSession: false })).toMatchObject({ did: 'reset' })
    expect(await client.reload()).toEqual({ applied: false, problem: 'line 3' })
    expect(await client.pause()).toBeUndefined()
    expect((await client.snapshot()).paused).toBe(true)
    await client.resume()
    expect((await client.snapshot()).paused).toBe(false)
    const sent = { ...request('m1', '\u2028\u0000\n漢字 🎉'), urgent: true, deadlineAtMs: 12.5 }
    const receipt = await client.send(sent)
    expect(fleet.sent).toEqual([sent])
    expect(await client.receipt('m1')).toEqual(receipt)
    expect(await client.waitForReceipt('m1', 3)).toEqual(receipt)
    expect(await client.receipts('enhancer', 5)).toEqual([receipt])
    expect(await client.shutdown()).toHaveLength(2)
    await until(() => it.shutdowns() === 1, { what: 'the word of the shutdown' })
  })

  it('takes errors over whole, and says of internal ones nothing but that', async () => {
    await using it = await world()
    const refusal = await it.client.receipt('m9').catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(FleetError)
    expect(refusal).toMatchObject({ code: 'not_found', message: 'no message m9', where: 'spool', mend: 'check', reason: 'word' })
    const internal = await it.client.commsBlock(BROKEN).catch((error: unknown) => error)
    expect(internal).toMatchObject({ code: 'internal', message: 'internal error' })
    expect(JSON.stringify([internal, (internal as Error).message, (internal as Error).cause])).not.toContain(SECRET)
    expect(it.log.join()).toContain(SECRET)
    expect(await it.client.commsBlock('enhancer')).toBe('# enhancer')
  })

  it('matches each of many answers to its question, in whatever order they come', async () => {
    await using it = await world()
    const ids = Array.from({ length: 200 }, (_, index) => `m${index}`)
    await Promise.all(ids.map((id) => it.client.send(request(id, id))))
    const answers = await Promise.all(ids.map((id, index) => it.client.waitForReceipt(id, (index * 7) % 11)))
    expect(answers.map(({ id }) => id)).toEqual(ids)
    const mixed = await Promise.allSettled(ids.map((id, index) => it.client.receipt(index % 2 === 0 ? id : `${id}?`)))
    expect(mixed.map(({ status }) => status)).toEqual(ids.map((_, index) => (index % 2 === 0 ? 'fulfilled' : 'rejected')))
  })

  it('carries the largest of messages', async () => {
    await using it = await world()
    const text = '\u0001'.repeat(64 * 1024)
    expect((await it.client.send(request('m1', text))).bytes).toBe(64 * 1024)
    expect(it.fleet.sent[0]?.text).toBe(text)
  })

  it('serves several clients apart', async () => {
    await using it = await world()
    await using other = await connected(it.paths)
    const answers = await Promise.all([it.client.commsBlock('enhancer'), other.commsBlock('orchestrator')])
    expect(answers).toEqual(['# enhancer', '# orchestrator'])
  })
})

describe('events over a socket', () => {
  it('come in order, from the asked number on, until the reader breaks off', async () => {
    await using it = await world()
    for (const kind of ['a', 'b', 'c']) it.fleet.emit(kind)
    const { signal } = new AbortController()
    expect(await take(it.client.events({ sinceSeq: 1, signal }), 2)).toEqual(['b', 'c'])
    await until(() => it.fleet.followers === 0, { what: 'the end of the stream at the service' })
    const live = take(it.client.events({ signal }), 100)
    await until(() => it.fleet.followers === 1, { what: 'the follower' })
    const kinds = Array.from({ length: 100 }, (_, index) => `k${index}`)
    for (const kind of kinds) it.fleet.emit(kind)
    expect(await live).toEqual(kinds)
    await until(() => it.fleet.followers === 0, { what: 'the end of the stream at the service' })
    expect(await it.client.commsBlock('enhancer')).toBe('# enhancer')
  })

  it('end on the reader’s signal, also when it was given before', async () => {
    await using it = await world()
    const controller = new AbortController()
    const live = take(it.client.events({ signal: controller.signal }))
    await until(() => it.fleet.followers === 1, { what: 'the follower' })
    it.fleet.emit('a')
    await until(() => it.fleet.calls.length > 0, { what: 'the call' })
    controller.abort()
    expect((await live).length).toBeLessThanOrEqual(1)
    expect(await take(it.client.events({ signal: controller.signal }))).toEqual([])
    await until(() => it.fleet.followers === 0, { what: 'no follower' })
  })

  it('come to the reader to the last one when the fleet ends them', async () => {
    await using it = await world()
    for (const kind of ['a', 'b', 'c', 'end']) it.fleet.emit(kind)
    const kinds: string[] = []
    for await (const { kind } of it.client.events({ sinceSeq: 0, signal: new AbortController().signal })) {
      kinds.push(kind)
      // The others arrive while this one is looked at.
      await it.client.commsBlock('enhancer')
    }
    expect(kinds).toEqual(['a', 'b', 'c'])
  })

  it('that break at the service are an error without its text', async () => {
    await using it = await world()
    it.fleet.emit(BROKEN)
    const failure = await take(it.client.events({ sinceSeq: 0, signal: new AbortController().signal })).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'internal', message: 'internal error' })
    await until(() => it.log.join().includes(SECRET), { what: 'the cause in the log' })
  })

  it('do not pile up at the service when the reader has gone', async () => {
    await using it = await world()
    const other = await connected(it.paths)
    void take(other.events({ signal: new AbortController().signal })).catch(() => {})
    await until(() => it.fleet.followers === 1, { what: 'the follower' })
    await other[Symbol.asyncDispose]()
    await until(() => it.fleet.followers === 0, { what: 'the end of the stream' })
  })
})

describe('a service that goes away', () => {
  it('fails every call and every stream at once, with what to do', async () => {
    await using it = await place()
    await using service = nodeProgram(SERVICE, { args: [it.paths.serviceSocket] })
    await service.said('listening')
    await using client = await connected(it.paths)
    await client.send(request('m1'))
    const waiting = client.waitForReceipt('m1', 1_000_000_000)
    const stream = take(client.events({ signal: new AbortController().signal }))
    const failures = Promise.all([waiting, stream].map((promise) => promise.catch((error: unknown) => error)))
    // An answer shows that the service has read what came before it.
    await client.commsBlock('enhancer')
    await service.kill()
    for (const failure of await failures) {
      expect(failure).toBeInstanceOf(FleetError)
      expect(failure).toMatchObject({ code: 'not_done', reason: 'observer_down', mend: expect.stringContaining('mosaic') })
    }
  })

  it('fails what is asked afterwards, instead of waiting for ever', async () => {
    await using it = await place()
    await using service = nodeProgram(SERVICE, { args: [it.paths.serviceSocket] })
    await service.said('listening')
    await using client = await connected(it.paths)
    await client.commsBlock('enhancer')
    await service.kill()
    await until(() => client.commsBlock('enhancer').catch(() => true), { what: 'the loss to be noticed' })
    await expect(client.snapshot()).rejects.toMatchObject({ reason: 'observer_down' })
    const stream = take(client.events({ signal: new AbortController().signal })).catch((error: unknown) => error)
    expect(await stream).toMatchObject({ reason: 'observer_down' })
  })

  it('fails a client that was closed by its own side', async () => {
    await using it = await world()
    const client = await connected(it.paths)
    const waiting = client.waitForReceipt('m1', 1_000_000).catch((error: unknown) => error)
    await client[Symbol.asyncDispose]()
    await expect(client.snapshot()).rejects.toBeInstanceOf(FleetError)
    expect(await waiting).toBeInstanceOf(FleetError)
  })

  it.each(['null', '5', 'nonsense', '{"id":null}', '[]', '{"id":1,"result":1}\n{"id":1,"result":2}'])(
    'or that talks nonsense (%j) crashes no client',
    async (said) => {
      await using it = await place()
      const server = createServer((socket) => {
        socket.on('error', () => {})
        socket.on('data', () => socket.write(`${said}\n`, () => socket.destroySoon()))
      })
      await new Promise<void>((resolve) => server.listen(it.paths.serviceSocket, resolve))
      try {
        await using client = await connected(it.paths)
        await client.snapshot().catch((error: unknown) => expect(error).toBeInstanceOf(FleetError))
        await turn()
      } finally {
        await new Promise((resolve) => server.close(resolve))
      }
    },
  )
})

/** A service that is stopped: the kernel takes connections and what is said, and nobody answers. */
async function frozenService(paths: MosaicPaths, answer: (method: string) => unknown = () => undefined) {
  const methods: string[] = []
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => {}))
    // A reader passes on the errors of what it reads.
    const lines = createInterface({ input: socket }).on('error', () => {})
    lines.on('line', (line) => {
      const { id, method } = JSON.parse(line) as { id: number; method: string }
      methods.push(method)
      const result = answer(method)
      if (result !== undefined) socket.write(`${JSON.stringify({ id, result })}\n`)
    })
  })
  await new Promise<void>((resolve) => server.listen(paths.serviceSocket, resolve))
  return {
    methods,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe('a service that is silent', () => {
  it.each<[string, (client: ServiceClient) => Promise<unknown>]>([
    ['send', (client) => client.send(request('m1'))],
    ['waitForReceipt', (client) => client.waitForReceipt('m1', 30)],
    ['start', (client) => client.start()],
    ['stop', (client) => client.stop()],
    ['restart', (client) => client.restart()],
    ['reset', (client) => client.reset('enhancer', { newSession: false })],
    ['reload', (client) => client.reload()],
    ['shutdown', (client) => client.shutdown()],
    ['pause', (client) => client.pause()],
    ['resume', (client) => client.resume()],
  ])('fails %s instead of letting it wait for ever', async (method, ask) => {
    await using it = await place()
    await using service = await frozenService(it.paths)
    await using client = (await connectService(it.paths, { answerWithinMs: 20 })) as ServiceClient
    await expect(ask(client)).rejects.toMatchObject({ reason: 'observer_down', message: expect.stringContaining('did not answer') })
    // It may be read only after the answer was given up.
    await until(() => service.methods.length > 0, { what: 'the question' })
    expect(service.methods[0]).toBe(method)
  })

  it('about an act, but lives, is waited for', async () => {
    await using it = await place()
    let asked = 0
    await using service = await frozenService(it.paths, (method) => {
      if (method === 'status') asked += 1
      return method === 'status' ? STATUS : undefined
    })
    await using client = (await connectService(it.paths, { answerWithinMs: 2_000 })) as ServiceClient
    let failed = false
    const start = client.start().catch(() => {
      failed = true
    })
    await until(() => asked >= 3, { what: 'three looks whether it lives' })
    expect(failed).toBe(false)
    expect(service.methods[0]).toBe('start')
    await client[Symbol.asyncDispose]()
    await start
  })
})

describe('looking for the service', () => {
  it('finds none where there is none, where one was killed, and where something else lies', async () => {
    await using it = await place()
    expect(await connectService(it.paths)).toBeUndefined()
    {
      await using service = nodeProgram(SERVICE, { args: [it.paths.serviceSocket] })
      await service.said('listening')
    }
    expect(await connectService(it.paths)).toBeUndefined()
    rmSync(it.paths.serviceSocket)
    writeFileSync(it.paths.serviceSocket, '')
    expect(await connectService(it.paths)).toBeUndefined()
  })

  it('never talks to one in a directory that another user made', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can make a directory of another user')
    await using it = await world()
    chownSync(it.paths.sockets, 54_321, 54_321)
    expect(await connectService(it.paths)).toBeUndefined()
    chownSync(it.paths.sockets, 0, 0)
    await using client = await connected(it.paths)
    expect(await client.commsBlock('enhancer')).toBe('# enhancer')
  })
})
