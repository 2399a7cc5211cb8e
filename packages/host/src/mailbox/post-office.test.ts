import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import type { AgentDefinition } from '@mosaic/domain/agent'
import type { SendRequest } from '@mosaic/domain/fleet-control'
import { MAX_MESSAGE_BYTES, messageId, type Receipt } from '@mosaic/domain/message'
import { FakeClock, turn } from '@mosaic/testkit/fake-clock'
import { fullDisk } from '@mosaic/testkit/faults'
import { ScriptedHost, ScriptedReceiver } from '@mosaic/testkit/scripted-receiver'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, it } from 'vitest'
import { type MosaicPaths, resolvePaths } from '../paths.ts'
import { PostOffice } from './post-office.ts'

const agent = (name: string): AgentDefinition => ({
  name,
  class: 'coder',
  alias: undefined,
  address: { tenant_id: 't', host: 'h', session: name },
  runtime: 'stub',
  model: undefined,
  effort: undefined,
  workingDirectory: '/tmp',
  command: undefined,
  env: {},
  heartbeatIntervalMs: 1_000,
  yolo: false,
  lifecycle: 'core',
  local: true,
  ssh: undefined,
})
const FLEET = { tenantId: 't', host: 'h', socketName: undefined, holderSession: 'holder', agents: [agent('b'), agent('orchestrator')] }

let made = 0
const newId = (clock: FakeClock): string => {
  made += 1
  return messageId(clock.wallMs(), new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, made >> 8, made & 255]))
}

/** True when it did not throw. */
function tryTo(act: () => unknown): boolean {
  try {
    act()
    return true
  } catch {
    return false
  }
}

class Office implements AsyncDisposable {
  readonly clock = new FakeClock()
  readonly b = new ScriptedReceiver('b')
  readonly orchestrator = new ScriptedReceiver('orchestrator')
  readonly reported: [string, Receipt['state']][] = []
  readonly paths: MosaicPaths
  post: PostOffice
  readonly #home: AsyncDisposable

  constructor(home: AsyncDisposable & { env: Record<string, string> }) {
    this.#home = home
    this.paths = resolvePaths({ env: home.env })
    mkdirSync(this.paths.run, { recursive: true })
    this.post = this.open()
  }

  open(): PostOffice {
    const receivers = [this.b, this.orchestrator]
    const post = new PostOffice({
      paths: this.paths,
      clock: this.clock,
      host: new ScriptedHost(receivers),
      audit: () => {},
      target: (name) => {
        const receiver = receivers.find((each) => each.name === name)
        if (receiver?.up !== true) return { up: false, reason: 'not-running', detail: 'it is stopped', dropsDuplicates: true }
        const { launchId, sessionId, ready, dropsDuplicates } = receiver
        return { up: true, launchId, sessionId, ready, dropsDuplicates, ours: true, session: receiver.session() }
      },
      isAgent: (name) => receivers.some((receiver) => receiver.name === name),
      onReceipt: (receiver, { state }) => this.reported.push([receiver, state]),
      random: (bytes) => randomBytes(bytes),
      log: () => {},
    })
    for (const receiver of receivers) {
      const accept = (id: string) => post.courier.accepted(receiver.name, id, { signal: 's', mode: 'turn', atMs: this.clock.wallMs() })
      receiver.onAccepted(accept)
    }
    return post
  }

  send(changes: Partial<SendRequest> = {}): Receipt {
    const request = { id: newId(this.clock), to: 'b', from: 't@h:operator', text: 'hello', urgent: false, ...changes }
    return this.post.send(agent(request.to), request)
  }

  async settle(): Promise<void> {
    for (let round = 0; round < 30; round += 1) await turn()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.post[Symbol.dispose]()
    await turn()
    await this.#home[Symbol.asyncDispose]()
  }
}

const office = async (): Promise<Office> => new Office(await tempHome())

describe('sending', () => {
  it('stores first, then delivers, and tells of each change', async () => {
    await using it = await office()
    const receipt = it.send({ text: 'a\u001b[201~b\r' })
    expect(receipt.state).toBe('stored')
    await it.settle()
    expect(it.b.handed[0]?.text).toBe(`[t@h:operator -> t@h:b #${receipt.id}]\na␛[201~b␍`)
    expect(it.post.receipt(receipt.id).state).toBe('accepted')
    expect(it.reported.map(([name]) => name)).toEqual(it.reported.map(() => 'b'))
    expect(it.reported.at(-1)).toEqual(['b', 'accepted'])
  })

  it.each([
    ['no address', { from: 'somebody' }],
    ['an address with a bad name', { from: 't@h:../x' }],
    ['no message id', { id: 'x' }],
    ['nothing to say', { text: '' }],
    ['too much to say', { text: 'x'.repeat(MAX_MESSAGE_BYTES + 1) }],
  ])('refuses %s, and stores nothing', async (_, changes) => {
    await using it = await office()
    expect(() => it.send(changes)).toThrow(expect.objectContaining({ code: 'invalid' }))
    expect(it.post.receipts('b', 10)).toEqual([])
    expect(it.post.queued().size).toBe(0)
  })

  it('again with the same id delivers nothing twice', async () => {
    await using it = await office()
    const id = newId(it.clock)
    for (let again = 0; again < 3; again += 1) {
      it.send({ id })
      await it.settle()
    }
    expect(it.b.handed).toHaveLength(1)
    expect(it.send({ id }).state).toBe('accepted')
  })

  it('is refused to an agent that fills a receiver, and not to a person', async () => {
    await using it = await office()
    it.b.up = false
    const from = 't@h:orchestrator'
    const first = it.send({ from })
    for (let sent = 1; sent < 100; sent += 1) it.send({ from })
    expect(() => it.send({ from })).toThrow(expect.objectContaining({ code: 'refused', reason: 'too-many' }))
    expect(it.send({ from, id: first.id }).id).toBe(first.id)
    it.send()
    expect(it.post.queued().get('b')).toBe(101)
  })

  it('of the host service itself carries its name', async () => {
    await using it = await office()
    const receipt = it.post.notify(FLEET, agent('orchestrator'), 'coder0 failed')
    await it.settle()
    expect(receipt.from).toBe('t@h:mosaicd')
    expect(it.orchestrator.handed).toHaveLength(1)
  })

  it('while the fleet is paused holds what agents send, not what a person says', async () => {
    await using it = await office()
    writeFileSync(it.paths.pausedFile, '')
    const dispatch = it.send({ from: 't@h:orchestrator' })
    const word = it.send()
    await it.settle()
    await it.clock.elapse(500)
    expect(it.post.receipt(word.id).state).toBe('accepted')
    expect(it.post.receipt(dispatch.id)).toMatchObject({ state: 'stored', reason: 'paused' })
    expect(it.post.queued()).toEqual(new Map([['b', 1]]))
    rmSync(it.paths.pausedFile)
    await it.clock.elapse(500)
    await it.settle()
    expect(it.post.receipt(dispatch.id).state).toBe('accepted')
  })
})

describe('waiting for a receipt', () => {
  it('ends with the settled one, for all who wait', async () => {
    await using it = await office()
    it.b.eager = false
    const { id } = it.send()
    const waiting = [it.post.waitForReceipt(id, 10_000), it.post.waitForReceipt(id, 10_000)]
    await it.settle()
    it.b.accept()
    expect((await Promise.all(waiting)).map(({ state }) => state)).toEqual(['accepted', 'accepted'])
    expect(await it.post.waitForReceipt(id, 10_000)).toMatchObject({ state: 'accepted' })
    await it.settle()
    expect(it.clock.pending).toBe(0)
  })

  it('ends after its time with what is true then', async () => {
    await using it = await office()
    it.b.activity = 'waiting'
    const { id } = it.send()
    const waiting = it.post.waitForReceipt(id, 3_000)
    await it.settle()
    await it.clock.elapse(3_000)
    expect(await waiting).toMatchObject({ state: 'stored', reason: 'dialog' })
    expect(await it.post.waitForReceipt(id, 0)).toMatchObject({ state: 'stored' })
    expect(await it.post.waitForReceipt(id, -5)).toMatchObject({ state: 'stored' })
  })

  it('is refused for a message that nobody sent', async () => {
    await using it = await office()
    await expect(it.post.waitForReceipt('x'.repeat(10_000), 1_000)).rejects.toMatchObject({ code: 'not_found' })
    expect(() => it.post.receipt('x')).toThrow(expect.objectContaining({ code: 'not_found' }))
  })

  it('ends when the post office closes, and leaves no timer that meets a closed spool', async () => {
    await using it = await office()
    it.b.activity = 'waiting'
    const { id } = it.send()
    await it.settle()
    const waiting = it.post.waitForReceipt(id, 3_000)
    it.post[Symbol.dispose]()
    expect(await waiting).toMatchObject({ id, state: 'stored' })
    expect(() => it.clock.advance(10_000)).not.toThrow()
    expect(it.clock.pending).toBe(0)
  })
})

describe('a post office that takes over', () => {
  it('delivers what waited', async () => {
    await using it = await office()
    it.b.die()
    const { id } = it.send()
    await it.settle()
    it.post[Symbol.dispose]()
    it.b.launch()
    it.post = it.open()
    it.post.recover()
    await it.settle()
    expect(it.post.receipt(id).state).toBe('accepted')
  })

  it('forgets receipts after a month, but no message', async () => {
    await using it = await office()
    const old = it.send()
    await it.settle()
    it.b.die()
    const waiting = it.send()
    await it.settle()
    it.clock.advance(31 * 24 * 3_600_000)
    it.post.recover()
    expect(() => it.post.receipt(old.id)).toThrow(expect.objectContaining({ code: 'not_found' }))
    expect(it.post.receipt(waiting.id).state).toBe('stored')
  })

  it('forgets them while it runs, too', async () => {
    await using it = await office()
    const old = it.send()
    await it.settle()
    it.post.recover()
    await it.clock.elapse(29 * 24 * 3_600_000)
    expect(it.post.receipt(old.id).state).toBe('accepted')
    await it.clock.elapse(3 * 24 * 3_600_000)
    expect(() => it.post.receipt(old.id)).toThrow(expect.objectContaining({ code: 'not_found' }))
  })

  it('takes over on a full disk, where it can only not forget', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can mount a small file system')
    await using it = await office()
    it.post[Symbol.dispose]()
    await using disk = await fullDisk({ at: it.paths.spool, sizeKiB: 1_024 })
    it.post = it.open()
    try {
      const old = it.send()
      await it.settle()
      it.clock.advance(31 * 24 * 3_600_000)
      disk.fill()
      // The log of the database is reused from its start, so that a small change may still fit into it: take that away, too.
      while (tryTo(() => it.send({ text: 'x'.repeat(50_000) })));
      expect(() => it.post.recover()).not.toThrow()
      disk.relieve()
      it.post.recover()
      expect(() => it.post.receipt(old.id)).toThrow(expect.objectContaining({ code: 'not_found' }))
    } finally {
      it.post[Symbol.dispose]()
    }
  })
})
