import { isSettled, type Message, messageId } from '@mosaic/domain/message'
import type { ReceiptChange, Spool } from '@mosaic/domain/ports/mailbox'
import type { Activity } from '@mosaic/domain/signal'
import { FakeClock, turn } from '@mosaic/testkit/fake-clock'
import { ScriptedHost, ScriptedReceiver } from '@mosaic/testkit/scripted-receiver'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Courier } from './courier.ts'
import { SqliteSpool } from './spool.ts'

type KillPoint = 'now' | ReceiptChange['event']

type Act =
  | { do: 'send'; from: string; to: number; withinMs: number | undefined }
  | { do: 'again'; which: number }
  | { do: 'accept' | 'read' | 'poke' | 'die' | 'launch'; to: number }
  | { do: 'set'; to: number; what: 'eager' | 'ready' | 'answers' | 'copyMode'; on: boolean }
  | { do: 'activity'; to: number; activity: Activity }
  | { do: 'break'; to: number; when: 'before' | 'after' }
  | { do: 'pause'; on: boolean }
  | { do: 'kill'; at: KillPoint }
  | { do: 'elapse'; ms: number }

const NAMES = ['b', 'c']
const to = fc.nat({ max: NAMES.length - 1 })
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      from: fc.constantFrom('agent', 'operator'),
      to,
      withinMs: fc.option(fc.integer({ min: 0, max: 1_500 }), { nil: undefined, freq: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('again' as const), which: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('accept' as const, 'read' as const, 'poke' as const), to }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('die' as const, 'launch' as const), to }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('set' as const),
      to,
      what: fc.constantFrom('eager' as const, 'ready' as const, 'answers' as const, 'copyMode' as const),
      on: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('activity' as const),
      to,
      activity: fc.constantFrom('idle' as const, 'busy' as const, 'waiting' as const, 'draft' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('break' as const), to, when: fc.constantFrom('before' as const, 'after' as const) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pause' as const), on: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('kill' as const),
      at: fc.constantFrom<KillPoint>('now', 'claim', 'injected', 'accept', 'postpone', 'requeue', 'expire'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('elapse' as const), ms: fc.integer({ min: 1, max: 800 }) }) },
)

interface Plan {
  dropsDuplicates: boolean
  native: boolean
  slowness: number
  acts: readonly { act: Act; turns: number }[]
}

const plan: fc.Arbitrary<Plan> = fc.record({
  dropsDuplicates: fc.boolean(),
  native: fc.boolean(),
  slowness: fc.nat({ max: 3 }),
  acts: fc.array(fc.record({ act, turns: fc.nat({ max: 6 }) }), { minLength: 5, maxLength: 40 }),
})

/** The courier of one host service: after its kill nothing that it still does has an effect. */
class Generation {
  readonly courier: Courier
  dead = false
  killAt: KillPoint | undefined

  constructor(fleet: Fleet) {
    const { spool } = fleet
    const alive = <T>(go: () => T): T => {
      if (this.dead) throw new Error('killed')
      return go()
    }
    const guarded: Spool = {
      store: (message) => alive(() => spool.store(message)),
      apply: (id, change) =>
        alive(() => {
          const receipt = spool.apply(id, change)
          if (this.killAt === change.event) this.dead = true
          return alive(() => receipt)
        }),
      hold: (session, senders, reason, detail) => alive(() => spool.hold(session, senders, reason, detail)),
      expireWaiting: (session, atMs) => alive(() => spool.expireWaiting(session, atMs)),
      first: (session, senders) => alive(() => spool.first(session, senders)),
      senders: (session) => alive(() => spool.senders(session)),
      nearestDeadlineMs: (session) => alive(() => spool.nearestDeadlineMs(session)),
      message: (id) => alive(() => spool.message(id)),
      pending: (session) => alive(() => spool.pending(session)),
      receivers: () => alive(() => spool.receivers()),
      receipt: (id) => alive(() => spool.receipt(id)),
      receipts: (session, limit) => alive(() => spool.receipts(session, limit)),
      prune: (beforeMs) => alive(() => spool.prune(beforeMs)),
      close: () => {},
    }
    const host = new ScriptedHost(fleet.receivers)
    this.courier = new Courier({
      spool: guarded,
      host: Object.assign(Object.create(host) as ScriptedHost, {
        paste: (session: string, id: string, text: string) => alive(() => host.paste(session, id, text)),
      }),
      clock: fleet.clock,
      target: (name) => alive(() => fleet.target(name)),
      paused: (sender) => fleet.paused && sender === 'agent',
      audit: () => alive(() => {}),
      onReceipt: () => {},
      log: () => {},
    })
  }
}

class Fleet {
  readonly clock = new FakeClock()
  readonly spool = new SqliteSpool(':memory:')
  readonly receivers: ScriptedReceiver[]
  readonly sent: Message[] = []
  /** Per receiver, what its journal holds, and how much of it this generation has read. */
  readonly journals: { ids: string[]; read: number }[]
  paused = false
  generation: Generation

  constructor({ native, dropsDuplicates, slowness }: Plan) {
    this.receivers = NAMES.map((name) => Object.assign(new ScriptedReceiver(name, { native, dropsDuplicates }), { slowness }))
    this.journals = this.receivers.map(() => ({ ids: [], read: 0 }))
    for (const [index, receiver] of this.receivers.entries()) receiver.onAccepted((id) => this.journals[index]?.ids.push(id))
    this.generation = new Generation(this)
  }

  target(name: string): ReturnType<ConstructorParameters<typeof Courier>[0]['target']> {
    const receiver = this.receivers[NAMES.indexOf(name)] as ScriptedReceiver
    const { launchId, sessionId, ready, dropsDuplicates } = receiver
    if (!receiver.up) return { up: false, reason: 'dead', detail: 'signal 9', dropsDuplicates }
    return { up: true, launchId, sessionId, ready, dropsDuplicates, ours: true, session: receiver.session() }
  }

  read(index: number): void {
    const journal = this.journals[index] as { ids: string[]; read: number }
    while (journal.read < journal.ids.length) {
      const id = journal.ids[journal.read] as string
      const options = { signal: 's', mode: 'turn', atMs: this.clock.wallMs() } as const
      this.generation.courier.accepted(NAMES[index] as string, id, options)
      journal.read += 1
    }
  }

  /** The next host service takes over, as it does: every journal first. */
  takeOver(): void {
    this.generation.dead = true
    this.generation.courier[Symbol.dispose]()
    this.generation = new Generation(this)
    for (const [index, journal] of this.journals.entries()) {
      journal.read = 0
      this.read(index)
    }
    this.generation.courier.recover()
  }

  /** Whatever a killed one was in the middle of has thrown; another takes over. */
  survive(go: () => void): void {
    try {
      go()
    } catch (error) {
      if (!this.generation.dead) throw error
    }
    if (this.generation.dead) this.takeOver()
  }

  send(act: Extract<Act, { do: 'send' }>): void {
    const address = (session: string) => ({ tenant_id: 't', host: 'h', session })
    const number = this.sent.length
    const nowMs = this.clock.wallMs()
    const message: Message = {
      id: messageId(nowMs, new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, number >> 8, number & 255])),
      from: address(act.from),
      to: address(NAMES[act.to] as string),
      text: `message ${number}`,
      urgent: false,
      createdAtMs: nowMs,
      deadlineAtMs: act.withinMs === undefined ? undefined : nowMs + act.withinMs,
    }
    this.sent.push(message)
    this.spool.store(message)
    this.generation.courier.poke(message.to.session)
  }

  perform(act: Act): void {
    const receiver = 'to' in act ? (this.receivers[act.to] as ScriptedReceiver) : undefined
    const { courier } = this.generation
    if (act.do === 'send') this.send(act)
    else if (act.do === 'again') {
      const message = this.sent[act.which % Math.max(1, this.sent.length)]
      if (message !== undefined) this.spool.store(message)
    } else if (act.do === 'accept') receiver?.accept()
    else if (act.do === 'read') this.read(act.to)
    else if (act.do === 'poke') courier.poke(NAMES[act.to] as string)
    else if (act.do === 'die' || act.do === 'launch') {
      receiver?.[act.do]()
      // Lives tell of their changes.
      courier.poke(NAMES[act.to] as string)
    } else if (act.do === 'set') Object.assign(receiver as ScriptedReceiver, { [act.what]: act.on })
    else if (act.do === 'activity') Object.assign(receiver as ScriptedReceiver, { activity: act.activity })
    else if (act.do === 'break') Object.assign(receiver as ScriptedReceiver, { breaks: act.when })
    else if (act.do === 'pause') this.paused = act.on
    else if (act.do === 'elapse') this.clock.advance(act.ms)
    else if (act.do === 'kill' && act.at === 'now') this.generation.dead = true
    else if (act.do === 'kill') this.generation.killAt = act.at as ReceiptChange['event']
  }

  oneUnderWay(): void {
    for (const name of NAMES) expect(this.spool.pending(name).filter(({ state }) => state !== 'stored').length).toBeLessThanOrEqual(1)
  }

  /** Everything that stood in the way is gone, and enough time passes. */
  async calm(): Promise<void> {
    this.paused = false
    this.generation.killAt = undefined
    const open = { ready: true, answers: true, copyMode: false, eager: true, activity: 'idle', breaks: undefined, slowness: 0 } as const
    for (const receiver of this.receivers) {
      if (!receiver.up) this.survive(() => this.perform({ do: 'launch', to: this.receivers.indexOf(receiver) }))
      Object.assign(receiver, open)
      while (receiver.accept());
    }
    for (let round = 0; round < 300 && (round < 10 || this.spool.receivers().length > 0); round += 1) {
      this.survive(() => {
        for (const index of this.receivers.keys()) this.read(index)
        this.clock.advance(250)
      })
      for (let turns = 0; turns < 12; turns += 1) await turn()
    }
  }

  dispose(): void {
    this.generation.dead = true
    this.generation.courier[Symbol.dispose]()
    this.spool.close()
  }
}

/** What must be true in the end, whatever happened. */
function check(fleet: Fleet, { dropsDuplicates }: Plan): void {
  for (const message of fleet.sent) {
    const receipt = fleet.spool.receipt(message.id)
    const state = receipt?.state ?? 'stored'
    const receiver = fleet.receivers[NAMES.indexOf(message.to.session)] as ScriptedReceiver
    const what = `${message.text}: ${JSON.stringify(receipt)}`
    // Nothing lost.
    expect(isSettled(state), what).toBe(true)
    if (message.deadlineAtMs === undefined) expect(dropsDuplicates ? ['accepted'] : ['accepted', 'unconfirmed'], what).toContain(state)
    // Nothing said to be accepted that was not, nothing taken that is not said.
    expect(state === 'accepted', what).toBe(receiver.taken.includes(message.id))
    // Why not, when not.
    if (state !== 'accepted') expect(receipt?.reason, what).not.toBeNull()
    // Nothing doubled.
    expect(receiver.taken.filter((id) => id === message.id).length, what).toBeLessThanOrEqual(1)
    if (!dropsDuplicates) expect(receiver.handed.filter(({ id }) => id === message.id).length, what).toBeLessThanOrEqual(1)
  }
  for (const receiver of fleet.receivers) {
    for (const sender of ['agent', 'operator']) {
      const own = fleet.sent.filter(({ from, id }) => from.session === sender && receiver.taken.includes(id)).map(({ id }) => id)
      expect(receiver.taken.filter((id) => own.includes(id))).toEqual(own)
    }
    // Nothing was handed over that the runtime had not just said it could take.
    for (const { lastAnswer } of receiver.handed) {
      expect(lastAnswer?.ready).toBe(true)
      expect(['idle', 'busy']).toContain(lastAnswer?.activity)
    }
  }
}

describe('the courier, whatever happens in whatever order', () => {
  it('loses nothing, doubles nothing, keeps each sender’s order and tells the truth', async () => {
    await fc.assert(
      fc.asyncProperty(plan, async (chosen) => {
        const fleet = new Fleet(chosen)
        try {
          for (const { act: next, turns } of chosen.acts) {
            fleet.survive(() => fleet.perform(next))
            for (let count = 0; count < turns; count += 1) await turn()
            fleet.survive(() => {})
            fleet.oneUnderWay()
          }
          await fleet.calm()
          check(fleet, chosen)
        } finally {
          fleet.dispose()
        }
      }),
      { seed: 20260102, numRuns: 1_000 },
    )
  })
})
