import { type BlockReason, messageId, type Receipt } from '@mosaic/domain/message'
import { FakeClock, turn } from '@mosaic/testkit/fake-clock'
import { type ReceiverOptions, ScriptedHost, ScriptedReceiver } from '@mosaic/testkit/scripted-receiver'
import { describe, expect, it } from 'vitest'
import { Courier, type Target } from './courier.ts'
import { SqliteSpool } from './spool.ts'

interface Down {
  reason: BlockReason
  detail: string
}

interface SendOptions {
  from?: string
  to?: string
  /** From now. */
  withinMs?: number
}

/** The real courier on the real spool, between scripted receivers, on a clock that stands still. */
class World {
  readonly clock = new FakeClock()
  readonly receivers: Map<string, ScriptedReceiver>
  readonly host: ScriptedHost
  readonly log: string[] = []
  readonly audited: { actor: string; agent: string; ref: string }[] = []
  readonly reported: Receipt[] = []
  /** In memory: what a disk adds is shown with the spool. */
  readonly spool = new CountingSpool()
  courier: Courier
  down: Down = { reason: 'not-running', detail: 'it is stopped' }
  ours = true
  paused: (sender: string) => boolean = () => false
  auditFails = false
  #sent = 0

  constructor(receivers: readonly ScriptedReceiver[]) {
    this.receivers = new Map(receivers.map((receiver) => [receiver.name, receiver]))
    this.host = new ScriptedHost(receivers)
    this.courier = this.#newCourier()
    for (const receiver of receivers) receiver.onAccepted((id) => this.accepted(receiver.name, id))
  }

  #newCourier(): Courier {
    return new Courier({
      spool: this.spool,
      host: this.host,
      clock: this.clock,
      target: (name) => this.target(name),
      paused: (sender) => this.paused(sender),
      audit: ({ actor, agent, ref }) => {
        if (this.auditFails) throw new Error('the audit log cannot be written')
        this.audited.push({ actor, agent, ref })
      },
      onReceipt: (receipt) => this.reported.push(receipt),
      log: (text) => this.log.push(text),
    })
  }

  target(name: string): Target {
    const receiver = this.receivers.get(name)
    if (receiver === undefined || !receiver.up) return { up: false, ...this.down, dropsDuplicates: receiver?.dropsDuplicates ?? false }
    const { launchId, sessionId, ready, dropsDuplicates } = receiver
    return { up: true, launchId, sessionId, ready, dropsDuplicates, ours: this.ours, session: receiver.session() }
  }

  accepted(name: string, id: string): void {
    this.courier.accepted(name, id, { signal: 'test:accepted', mode: 'turn', atMs: this.clock.wallMs() })
  }

  /** Stored, and its receiver poked, as the post office does. */
  send({ from = 'sender', to = 'b', withinMs }: SendOptions = {}): string {
    this.#sent += 1
    const id = messageId(this.clock.wallMs(), new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, this.#sent >> 8, this.#sent & 255]))
    const address = (session: string) => ({ tenant_id: 't', host: 'h', session })
    this.spool.store({
      id,
      from: address(from),
      to: address(to),
      text: `message ${this.#sent}`,
      urgent: false,
      createdAtMs: this.clock.wallMs(),
      deadlineAtMs: withinMs === undefined ? undefined : this.clock.wallMs() + withinMs,
    })
    this.courier.poke(to)
    return id
  }

  /** What can happen without time passing has happened. */
  async settle(): Promise<void> {
    for (let round = 0; round < 60; round += 1) await turn()
  }

  receipt(id: string): Receipt {
    return this.spool.receipt(id) as Receipt
  }

  /** The courier dies as by kill -9 and another one takes over. */
  restart(): void {
    this.courier[Symbol.dispose]()
    this.courier = this.#newCourier()
    this.courier.recover()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.courier[Symbol.dispose]()
    await turn()
    this.spool.close()
  }
}

/** A spool that counts what is asked of it. */
class CountingSpool extends SqliteSpool {
  readonly counted: Record<string, number> = {}

  constructor() {
    super(':memory:')
    for (const name of [
      'apply',
      'hold',
      'expireWaiting',
      'first',
      'senders',
      'nearestDeadlineMs',
      'message',
      'pending',
      'receipt',
    ] as const) {
      const act = this[name].bind(this) as (...args: unknown[]) => unknown
      Object.assign(this, {
        [name]: (...args: unknown[]) => {
          this.counted[name] = (this.counted[name] ?? 0) + 1
          return act(...args)
        },
      })
    }
  }
}

function world(options: ReceiverOptions = {}): { it: World; b: ScriptedReceiver; counted: Record<string, number> } & AsyncDisposable {
  const b = new ScriptedReceiver('b', options)
  const it = new World([b, new ScriptedReceiver('c')])
  return { it, b, counted: it.spool.counted, [Symbol.asyncDispose]: () => it[Symbol.asyncDispose]() }
}

const idsOf = (receiver: ScriptedReceiver) => receiver.handed.map(({ id }) => id)

describe('handing over', () => {
  it.each([{ native: false }, { native: true }])('gives each message once, in order, with its preamble: %j', async (options) => {
    await using w = world(options)
    const ids = [w.it.send(), w.it.send(), w.it.send({ from: 'other' })]
    await w.it.settle()
    expect(idsOf(w.b)).toEqual(ids)
    expect(w.b.handed[0]?.text).toBe(`[t@h:sender -> t@h:b #${ids[0]}]\nmessage 1`)
    for (const id of ids) expect(w.it.receipt(id)).toMatchObject({ state: 'accepted', signal: 'test:accepted', mode: 'turn', attempts: 1 })
    expect(w.it.audited.map(({ actor, agent, ref }) => [actor, agent, ref])).toEqual([
      ['t@h:sender', 'b', ids[0]],
      ['t@h:sender', 'b', ids[1]],
      ['t@h:other', 'b', ids[2]],
    ])
    expect(w.it.clock.pending).toBe(0)
    expect(w.it.log).toEqual([])
  })

  it('gives the next one only when the one before was accepted', async () => {
    await using w = world()
    w.b.eager = false
    const [first, second, third] = [w.it.send(), w.it.send(), w.it.send()]
    await w.it.settle()
    await w.it.clock.elapse(5_000)
    expect(idsOf(w.b)).toEqual([first])
    expect(w.it.receipt(first)).toMatchObject({ state: 'injected', reason: 'unverifiable', injected_at: expect.any(String) })
    expect(w.it.receipt(second)).toMatchObject({ state: 'stored', reason: 'queued' })
    expect(w.it.receipt(third)).toMatchObject({ state: 'stored', reason: 'queued' })
    w.b.accept()
    await w.it.settle()
    expect(idsOf(w.b)).toEqual([first, second])
    expect(w.it.receipt(first)).toMatchObject({ state: 'accepted', reason: null })
  })

  it('lets no receiver wait for another', async () => {
    await using w = world()
    w.b.answers = false
    const [stuck, free] = [w.it.send(), w.it.send({ to: 'c' })]
    await w.it.settle()
    expect(w.it.receipt(stuck).state).toBe('stored')
    expect(w.it.receipt(free).state).toBe('accepted')
  })

  it('joins pokes: however many come, one hand-over at a time', async () => {
    await using w = world()
    w.b.slowness = 2
    const ids = [w.it.send(), w.it.send()]
    for (let poke = 0; poke < 50; poke += 1) {
      w.it.courier.poke('b')
      w.it.courier.pokeAll()
      await turn()
    }
    await w.it.settle()
    expect(idsOf(w.b)).toEqual(ids)
  })

  it('takes an acceptance that comes before the hand-over has returned', async () => {
    await using w = world({ native: true })
    w.b.slowness = 3
    const id = w.it.send()
    await w.it.settle()
    expect(w.it.receipt(id)).toMatchObject({ state: 'accepted', reason: null })
    expect(w.it.reported.map(({ state }) => state)).not.toContain('injected')
  })

  it('does not hand over what was accepted while it looked', async () => {
    await using w = world()
    w.b.slowness = 5
    const id = w.it.send()
    await turn()
    expect(w.b.asked).toBe(1)
    // An earlier life had taken it; its journal is read only now.
    w.it.accepted('b', id)
    await w.it.settle()
    expect(w.b.handed).toEqual([])
    expect(w.it.receipt(id)).toMatchObject({ state: 'accepted', attempts: 0 })
  })

  it('does nothing at all when the act cannot be audited, and goes on when it can', async () => {
    await using w = world()
    w.it.auditFails = true
    const id = w.it.send()
    await w.it.settle()
    await w.it.clock.elapse(1_000)
    expect(w.b.handed).toEqual([])
    expect(w.it.receipt(id).state).toBe('stored')
    expect(w.it.log.join()).toContain('audit')
    w.it.auditFails = false
    await w.it.clock.elapse(1_000)
    expect(idsOf(w.b)).toEqual([id])
  })

  it('does nothing any more once it is disposed', async () => {
    await using w = world()
    w.b.slowness = 5
    w.it.send()
    await turn()
    w.it.courier[Symbol.dispose]()
    w.it.spool.close()
    await w.it.settle()
    expect(w.b.handed).toEqual([])
    expect(w.it.clock.pending).toBe(0)
  })
})

describe('the gate', () => {
  const held: {
    why: string
    reason: BlockReason
    block: (it: World, b: ScriptedReceiver) => void
    open: (it: World, b: ScriptedReceiver) => void
  }[] = [
    {
      why: 'it has not said that it is ready',
      reason: 'starting',
      block: (_, b) => {
        b.ready = false
      },
      open: (_, b) => {
        b.ready = true
      },
    },
    {
      why: 'it does not answer and never said that it is ready',
      reason: 'starting',
      block: (_, b) => {
        b.ready = false
        b.answers = false
      },
      open: (_, b) => {
        b.ready = true
        b.answers = true
      },
    },
    {
      why: 'it does not answer',
      reason: 'hung',
      block: (_, b) => {
        b.answers = false
      },
      open: (_, b) => {
        b.answers = true
      },
    },
    {
      why: 'a question is open',
      reason: 'dialog',
      block: (_, b) => {
        b.activity = 'waiting'
        b.detail = 'Run rm -rf?'
      },
      open: (_, b) => {
        b.activity = 'idle'
      },
    },
    {
      why: 'its composer holds a draft',
      reason: 'draft',
      block: (_, b) => {
        b.activity = 'draft'
      },
      open: (_, b) => {
        b.activity = 'busy'
      },
    },
    {
      why: 'somebody scrolls',
      reason: 'copy-mode',
      block: (_, b) => {
        b.copyMode = true
      },
      open: (_, b) => {
        b.copyMode = false
      },
    },
    {
      why: 'it is stopped',
      reason: 'not-running',
      block: (_, b) => b.die(),
      open: (it, b) => {
        b.launch()
        it.courier.poke('b')
      },
    },
    {
      why: 'its process ended',
      reason: 'dead',
      block: (it, b) => {
        it.down = { reason: 'dead', detail: 'exit 3' }
        b.die()
      },
      open: (it, b) => {
        b.launch()
        it.courier.poke('b')
      },
    },
    {
      why: 'something else runs in its pane',
      reason: 'foreign-process',
      block: (it) => {
        it.ours = false
      },
      open: (it) => {
        it.ours = true
      },
    },
    {
      why: 'the fleet is paused',
      reason: 'paused',
      block: (it) => {
        it.paused = () => true
      },
      open: (it) => {
        it.paused = () => false
      },
    },
  ]

  it.each(held)('holds a message back while $why, says $reason, and lets it through afterwards', async ({ reason, block, open }) => {
    await using w = world()
    block(w.it, w.b)
    const id = w.it.send()
    await w.it.settle()
    await w.it.clock.elapse(3_000)
    expect(w.b.handed).toEqual([])
    expect(w.it.receipt(id)).toMatchObject({ state: 'stored', reason, attempts: 0, detail: expect.stringMatching(/./) })
    open(w.it, w.b)
    await w.it.clock.elapse(1_000)
    expect(idsOf(w.b)).toEqual([id])
    expect(w.it.receipt(id)).toMatchObject({ state: 'accepted', reason: null, attempts: 1 })
  })

  it.each(held)('refuses it at its deadline while $why, with that reason, and never delivers it later', async ({ reason, block, open }) => {
    await using w = world()
    block(w.it, w.b)
    const id = w.it.send({ withinMs: 2_000 })
    await w.it.settle()
    await w.it.clock.elapse(2_500)
    expect(w.it.receipt(id)).toMatchObject({ state: 'refused', reason, detail: expect.stringMatching(/./) })
    open(w.it, w.b)
    await w.it.clock.elapse(2_000)
    expect(w.b.handed).toEqual([])
    expect(w.it.clock.pending).toBe(0)
  })

  it.each(held)('refuses also those behind the first at their own deadlines while $why', async ({ block, open }) => {
    await using w = world()
    block(w.it, w.b)
    const patient = w.it.send()
    const hasty = w.it.send({ withinMs: 2_000 })
    await w.it.settle()
    await w.it.clock.elapse(2_500)
    expect(w.it.receipt(hasty)).toMatchObject({ state: 'refused', reason: expect.any(String) })
    open(w.it, w.b)
    await w.it.clock.elapse(2_000)
    expect(idsOf(w.b)).toEqual([patient])
  })

  it('gives the true reason to each whose time is up while the runtime is asked and does not answer', async () => {
    await using w = world()
    w.b.answers = false
    w.b.slowness = 3
    const ids = [w.it.send({ withinMs: 500 }), w.it.send({ withinMs: 500 })]
    await turn()
    w.it.clock.stall(800)
    await w.it.settle()
    await w.it.clock.elapse(1_000)
    expect(ids.map((id) => w.it.receipt(id).reason)).toEqual(['hung', 'hung'])
  })

  it('gives the reason that the runtime told late, and not that it does not answer', async () => {
    await using w = world()
    w.b.activity = 'waiting'
    w.b.answerMs = 3_000
    const id = w.it.send({ withinMs: 500 })
    await w.it.settle()
    await w.it.clock.elapse(1_000)
    expect(w.it.receipt(id)).toMatchObject({ state: 'refused', reason: 'dialog' })
  })

  it('is looked through again at once when something changed, without waiting for the clock', async () => {
    await using w = world()
    w.b.activity = 'waiting'
    const id = w.it.send()
    await w.it.settle()
    w.b.activity = 'idle'
    w.it.courier.poke('b')
    await w.it.settle()
    expect(idsOf(w.b)).toEqual([id])
  })

  it('lets a person talk to a paused fleet, also when dispatch waits', async () => {
    await using w = world()
    w.it.paused = (sender) => sender !== 'operator'
    const dispatch = w.it.send({ from: 'orchestrator' })
    const word = w.it.send({ from: 'operator' })
    await w.it.settle()
    await w.it.clock.elapse(1_000)
    expect(idsOf(w.b)).toEqual([word])
    expect(w.it.receipt(dispatch)).toMatchObject({ state: 'stored', reason: 'paused' })
    w.it.paused = () => false
    w.it.courier.pokeAll()
    await w.it.settle()
    expect(idsOf(w.b)).toEqual([word, dispatch])
  })

  it('never types into another incarnation than the one that was asked', async () => {
    await using w = world()
    w.b.slowness = 3
    const id = w.it.send()
    await turn()
    w.b.launch()
    await w.it.settle()
    await w.it.clock.elapse(300)
    await w.it.settle()
    expect(w.b.handed.map(({ launchId }) => launchId)).toEqual(['b-launch-2'])
    expect(w.it.receipt(id)).toMatchObject({ state: 'accepted', attempts: 1 })
  })
})

describe('a runtime that can hold its questions back', () => {
  it('does so for exactly as long as its message is typed', async () => {
    await using opened = world()
    const { it, b } = opened
    const order: string[] = []
    b.guard = async (type, { id }) => {
      order.push(`holds for ${id}`)
      const result = await type()
      order.push(`lets go after ${b.handed.length}`)
      return { outcome: 'typed', result }
    }
    const id = it.send()
    await it.settle()
    expect(it.receipt(id).state).toBe('accepted')
    expect(order).toEqual([`holds for ${id}`, 'lets go after 1'])
  })

  it('and finds one open has nothing typed into it, and its message waits for that reason', async () => {
    await using opened = world()
    const { it, b } = opened
    b.guard = async () => ({ outcome: 'refused', because: 'dialog', detail: 'Run rm -rf?' })
    const id = it.send()
    await it.settle()
    expect(it.receipt(id)).toMatchObject({ state: 'stored', reason: 'dialog', detail: 'Run rm -rf?', attempts: 0 })
    expect(b.handed).toEqual([])
    b.guard = undefined
    it.courier.poke('b')
    await it.settle()
    expect(it.receipt(id)).toMatchObject({ state: 'accepted', attempts: 1 })
  })

  it('still tells of a pane that cannot be typed into', async () => {
    await using opened = world()
    const { it, b } = opened
    b.guard = async (type) => ({ outcome: 'typed', result: await type() })
    b.copyMode = true
    const id = it.send()
    await it.settle()
    expect(it.receipt(id)).toMatchObject({ state: 'stored', reason: 'copy-mode' })
  })
})

describe('deadlines', () => {
  it('end a message that was handed over as unconfirmed, and a late acceptance is still recorded', async () => {
    await using w = world()
    w.b.eager = false
    const id = w.it.send({ withinMs: 2_000 })
    await w.it.settle()
    await w.it.clock.elapse(2_500)
    expect(w.it.receipt(id)).toMatchObject({ state: 'unconfirmed', reason: 'unverifiable' })
    w.b.accept()
    expect(w.it.receipt(id)).toMatchObject({ state: 'accepted', reason: null })
    expect(w.it.reported.at(-1)).toMatchObject({ id, state: 'accepted' })
  })

  it('of waiting messages count while an earlier one is under way', async () => {
    await using w = world()
    w.b.eager = false
    const first = w.it.send()
    const hasty = w.it.send({ withinMs: 1_000 })
    await w.it.settle()
    await w.it.clock.elapse(1_500)
    expect(w.it.receipt(hasty)).toMatchObject({ state: 'refused', reason: 'queued' })
    w.b.accept()
    await w.it.settle()
    expect(idsOf(w.b)).toEqual([first])
  })

  it('that pass while the runtime is asked hand nothing over', async () => {
    await using w = world()
    w.b.slowness = 3
    const id = w.it.send({ withinMs: 500 })
    await turn()
    w.it.clock.stall(800)
    await w.it.settle()
    await w.it.clock.elapse(1_000)
    expect(w.b.handed).toEqual([])
    expect(w.it.receipt(id)).toMatchObject({ state: 'refused', reason: 'timeout' })
  })

  it('that have passed already hand nothing over', async () => {
    await using w = world()
    const id = w.it.send({ withinMs: -1 })
    await w.it.settle()
    expect(w.b.handed).toEqual([])
    expect(w.it.receipt(id)).toMatchObject({ state: 'refused', reason: 'timeout', detail: expect.any(String) })
  })
})

describe('a receiver that ends', () => {
  it('without accepting gets its message again in its next life, when it drops duplicates', async () => {
    await using w = world()
    w.b.eager = false
    const [first, second] = [w.it.send(), w.it.send()]
    await w.it.settle()
    w.it.down = { reason: 'dead', detail: 'signal 9' }
    w.b.die()
    w.it.courier.poke('b')
    await w.it.settle()
    expect(w.it.receipt(first)).toMatchObject({ state: 'stored', reason: 'dead' })
    w.b.eager = true
    w.b.launch()
    w.it.courier.poke('b')
    await w.it.settle()
    expect(idsOf(w.b)).toEqual([first, first, second])
    expect(w.it.receipt(first)).toMatchObject({ state: 'accepted', attempts: 2 })
  })

  it('without accepting leaves its message unconfirmed, when it would take it twice', async () => {
    await using w = world({ dropsDuplicates: false })
    w.b.eager = false
    const [first, second] = [w.it.send(), w.it.send()]
    await w.it.settle()
    w.b.eager = true
    w.b.launch()
    w.it.courier.poke('b')
    await w.it.settle()
    expect(idsOf(w.b)).toEqual([first, second])
    expect(w.it.receipt(first)).toMatchObject({ state: 'unconfirmed', reason: 'dead' })
  })

  it('keeps its message while it only starts', async () => {
    await using w = world({ dropsDuplicates: false })
    w.b.eager = false
    const id = w.it.send()
    await w.it.settle()
    w.b.up = false
    w.it.down = { reason: 'starting', detail: 'it is starting' }
    w.it.courier.poke('b')
    await w.it.settle()
    expect(w.it.receipt(id).state).toBe('injected')
    w.b.up = true
    w.b.accept()
    await w.it.settle()
    expect(w.it.receipt(id).state).toBe('accepted')
    expect(idsOf(w.b)).toEqual([id])
  })
})

describe('a hand-over that breaks in the middle', () => {
  it.each(['before', 'after'] as const)('%s the text arrived is repeated when the runtime drops duplicates', async (breaks) => {
    await using w = world()
    w.b.breaks = breaks
    const [first, second] = [w.it.send(), w.it.send()]
    await w.it.settle()
    await w.it.clock.elapse(2_000)
    expect(w.b.taken).toEqual([first, second])
    expect([w.it.receipt(first).state, w.it.receipt(second).state]).toEqual(['accepted', 'accepted'])
    expect(w.it.log.join()).toContain('broken')
  })

  it.each(['before', 'after'] as const)('%s the text arrived is unconfirmed when it would be taken twice', async (breaks) => {
    await using w = world({ dropsDuplicates: false })
    w.b.eager = false
    w.b.breaks = breaks
    const [first, second] = [w.it.send(), w.it.send()]
    await w.it.settle()
    expect(w.it.receipt(first)).toMatchObject({ state: 'unconfirmed', reason: 'unverifiable', detail: expect.any(String) })
    await w.it.clock.elapse(2_000)
    expect(idsOf(w.b)).toEqual(breaks === 'before' ? [second] : [first, second])
    while (w.b.accept());
    expect(w.it.receipt(first).state).toBe(breaks === 'before' ? 'unconfirmed' : 'accepted')
    expect(w.it.receipt(second).state).toBe('accepted')
  })
})

describe('a courier that was killed', () => {
  it('between claim and receipt has its message handed over again, which the runtime drops', async () => {
    await using w = world()
    const id = w.it.send()
    // As of the kill: claimed, and the text had arrived and was taken, but nobody heard.
    await w.it.settle()
    w.it.courier[Symbol.dispose]()
    const lost = w.it.send()
    w.it.spool.apply(lost, { event: 'claim', atMs: w.it.clock.wallMs(), incarnation: w.b.launchId })
    w.b.taken.push(lost)
    w.it.restart()
    await w.it.settle()
    expect(w.b.taken).toEqual([id, lost])
    expect(w.it.receipt(lost)).toMatchObject({ state: 'accepted' })
  })

  it('between claim and receipt leaves its message unconfirmed with a reason, when it would be taken twice', async () => {
    await using w = world({ dropsDuplicates: false })
    w.it.courier[Symbol.dispose]()
    const id = w.it.send()
    w.it.spool.apply(id, { event: 'claim', atMs: w.it.clock.wallMs(), incarnation: w.b.launchId })
    w.it.restart()
    await w.it.settle()
    expect(w.b.handed).toEqual([])
    expect(w.it.receipt(id)).toMatchObject({
      state: 'unconfirmed',
      reason: 'unverifiable',
      detail: expect.stringContaining('host service'),
    })
    w.it.accepted('b', id)
    expect(w.it.receipt(id).state).toBe('accepted')
  })

  it('after the hand-over goes on waiting for the word of the same process', async () => {
    await using w = world()
    w.b.eager = false
    const [first, second] = [w.it.send(), w.it.send()]
    await w.it.settle()
    w.it.restart()
    await w.it.settle()
    await w.it.clock.elapse(1_000)
    expect(idsOf(w.b)).toEqual([first])
    w.b.eager = true
    w.b.accept()
    await w.it.settle()
    expect(idsOf(w.b)).toEqual([first, second])
  })

  it('finds what waited in the spool', async () => {
    await using w = world()
    w.it.courier[Symbol.dispose]()
    const ids = [w.it.send(), w.it.send(), w.it.send({ to: 'c' })]
    w.it.restart()
    await w.it.settle()
    expect(ids.map((id) => w.it.receipt(id).state)).toEqual(['accepted', 'accepted', 'accepted'])
  })
})

describe('an acceptance', () => {
  it('counts once, from its own receiver, for a message that exists', async () => {
    await using w = world()
    w.b.eager = false
    const id = w.it.send()
    await w.it.settle()
    w.it.accepted('c', id)
    w.it.accepted('b', 'unknown')
    expect(w.it.receipt(id).state).toBe('injected')
    w.it.accepted('b', id)
    const reported = w.it.reported.length
    w.it.clock.advance(5)
    w.it.accepted('b', id)
    expect(w.it.reported).toHaveLength(reported)
    expect(w.it.receipt(id).latency_ms).toBe(0)
  })

  it('that is heard by a dropped repeat says neither how nor how fast', async () => {
    await using w = world()
    w.b.eager = false
    const id = w.it.send()
    await w.it.settle()
    w.it.clock.advance(500)
    w.it.courier.accepted('b', id, { signal: 'stub:accepted (duplicate)', mode: null, atMs: w.it.clock.wallMs() })
    expect(w.it.receipt(id)).toMatchObject({
      state: 'accepted',
      signal: 'stub:accepted (duplicate)',
      mode: null,
      accepted_at: new Date(w.it.clock.wallMs()).toISOString(),
      latency_ms: null,
    })
  })

  it('that comes after the deadline is recorded, also of a message that was refused', async () => {
    await using w = world()
    w.b.die()
    const id = w.it.send({ withinMs: 100 })
    await w.it.settle()
    await w.it.clock.elapse(200)
    expect(w.it.receipt(id).state).toBe('refused')
    w.it.accepted('b', id)
    expect(w.it.receipt(id)).toMatchObject({ state: 'accepted', reason: null })
  })

  it('of a name that ends like another does not count', async () => {
    await using w = world()
    w.b.eager = false
    const id = w.it.send()
    await w.it.settle()
    for (const name of ['', 'h:b', ':b', 'xb']) w.it.accepted(name, id)
    expect(w.it.receipt(id).state).toBe('injected')
  })
})

describe('a receiver that is down', () => {
  it('costs nothing until something happens', async () => {
    await using w = world()
    w.b.die()
    const ids = [w.it.send(), w.it.send()]
    await w.it.settle()
    expect(w.it.clock.pending).toBe(0)
    expect(ids.map((id) => w.it.receipt(id).reason)).toEqual(['not-running', 'not-running'])
    w.b.launch()
    w.it.courier.poke('b')
    await w.it.settle()
    expect(idsOf(w.b)).toEqual(ids)
  })

  it('is looked at for the next deadline only, however the wall clock is set', async () => {
    await using w = world()
    w.b.die()
    const [patient, hasty, later] = [w.it.send(), w.it.send({ withinMs: 30_000 }), w.it.send({ withinMs: 3_600_000 })]
    await w.it.settle()
    expect(w.it.clock.pending).toBe(1)
    await w.it.clock.elapse(29_999)
    expect(w.it.receipt(hasty).state).toBe('stored')
    await w.it.clock.elapse(1)
    await w.it.settle()
    expect(w.it.receipt(hasty)).toMatchObject({ state: 'refused', reason: 'not-running' })
    w.it.clock.stepWall(3_600_000)
    await w.it.clock.elapse(61_000)
    expect(w.it.receipt(later).state).toBe('refused')
    expect(w.it.receipt(patient).state).toBe('stored')
    expect(w.it.clock.pending).toBe(0)
  })

  it('takes as many acts of the spool with many large messages as with one, and no text is read', async () => {
    await using w = world()
    w.b.die()
    const acts = (): Record<string, number> => {
      const before = { ...w.counted }
      w.it.courier.poke('b')
      return Object.fromEntries(Object.entries(w.counted).map(([name, count]) => [name, count - (before[name] ?? 0)]))
    }
    w.it.send()
    await w.it.settle()
    const ofOne = acts()
    await w.it.settle()
    for (let count = 0; count < 100; count += 1) w.it.send()
    await w.it.settle()
    expect(acts()).toEqual(ofOne)
    expect(w.counted['message'] ?? 0).toBe(0)
    expect(w.counted['pending'] ?? 0).toBe(0)
  })
})

describe('a delivery that keeps failing', () => {
  it('is told once, then now and then, and again when it fails in another way', async () => {
    await using w = world()
    w.it.auditFails = true
    w.it.send()
    await w.it.settle()
    await w.it.clock.elapse(50_000)
    expect(w.it.log).toHaveLength(1)
    await w.it.clock.elapse(100_000)
    expect(w.it.log).toHaveLength(3)
  })
})

describe('wedged', () => {
  it('is an answering runtime that leaves its message unaccepted for long, until it accepts', async () => {
    await using w = world()
    w.b.eager = false
    w.it.send()
    await w.it.settle()
    await w.it.clock.elapse(9_000)
    expect(w.it.courier.isWedged('b')).toBe(false)
    await w.it.clock.elapse(2_000)
    expect(w.it.courier.isWedged('b')).toBe(true)
    w.b.accept()
    await w.it.settle()
    expect(w.it.courier.isWedged('b')).toBe(false)
  })

  it('is nobody who accepts at once, whatever the next message waits for', async () => {
    for (const native of [true, false]) {
      await using w = world({ native })
      w.b.slowness = 2
      w.it.send()
      await w.it.settle()
      w.b.activity = 'waiting'
      w.it.send()
      await w.it.settle()
      await w.it.clock.elapse(30_000)
      expect(w.it.courier.isWedged('b')).toBe(false)
    }
  })

  it('is nobody who accepts in the moment of the hand-over while the next one is blocked', async () => {
    await using w = world({ native: true })
    w.b.slowness = 4
    w.b.onAccepted((id) => {
      w.it.accepted('b', id)
      w.b.activity = 'waiting'
    })
    const [first, second] = [w.it.send(), w.it.send()]
    await w.it.settle()
    await w.it.clock.elapse(30_000)
    expect([w.it.receipt(first).state, w.it.receipt(second).reason]).toEqual(['accepted', 'dialog'])
    expect(w.it.courier.isWedged('b')).toBe(false)
  })

  it('stays one although its message had a deadline shorter than that', async () => {
    await using w = world()
    w.b.eager = false
    w.it.send({ withinMs: 5_000 })
    await w.it.settle()
    await w.it.clock.elapse(15_000)
    expect(w.it.courier.isWedged('b')).toBe(true)
    w.b.launch()
    expect(w.it.courier.isWedged('b')).toBe(false)
  })

  it('is nobody who has nothing, or is unknown', async () => {
    await using w = world()
    expect([w.it.courier.isWedged('b'), w.it.courier.isWedged('nobody')]).toEqual([false, false])
  })
})
