/**
 * From handing a message over to our receipt of its acceptance, beside the moment at which the runtime itself said so.
 *
 *   node bench/accepted.ts [--json] [--quick]
 */

import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { messageId } from '@mosaic/domain/message'
import { parseSignal } from '@mosaic/domain/signal'
import type { ServiceClient } from '@mosaic/host/service/client'
import { stampMs } from '@mosaic/host/signals/journal-writer'
import { until } from '@mosaic/testkit/until'
import type { FleetUnderTest } from '../e2e/fleet-under-test.ts'
import { type BenchRuntime, RUNTIMES, serviceOf, worldOf } from './agents.ts'
import { type Bench, type BenchOptions, keep, main, say } from './bench.ts'
import { BARE_NODE, MOSAIC, timed } from './commands.ts'
import type { Figure } from './figures.ts'
import { interleaved, median, p95 } from './measure.ts'

const TO = 'orchestrator'
const FROM = 'acme@box:operator'
const TEXT = 'Please look at the failing build and say in one sentence what broke it.'
const WAIT_MS = 20_000
/** Events are stamped in whole milliseconds, cut off. */
const HALF_GRAIN_MS = 0.5
const GOAL = { of: 'ratio', atMost: 1.5 } as const

/** Moments of one message, epoch milliseconds with fraction. */
interface Moments {
  id: string
  sent: number
  /** The courier is about to paste it and press Enter, or to hand it to the runtime's API. */
  entered: number
  /** Our receipt says accepted. */
  received: number
}

/** What the host service tells: when a message is handed to the runtime, and what the runtime does. */
class Ear implements AsyncDisposable {
  readonly entered = new Map<string, number>()
  activity = 'unknown'
  readonly #client: ServiceClient
  readonly #end = new AbortController()

  constructor(client: ServiceClient) {
    this.#client = client
    void this.#listen().catch(() => {})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort()
    await this.#client[Symbol.asyncDispose]()
  }

  async #listen(): Promise<void> {
    for await (const { at, kind, agent, detail } of this.#client.events({ signal: this.#end.signal })) {
      if (agent !== TO) continue
      if (kind === 'receipt' && detail['state'] === 'injecting') this.entered.set(String(detail['id']), Date.parse(at) + HALF_GRAIN_MS)
      if (kind === 'activity') this.activity = String(detail['activity'])
    }
  }
}

async function sendOne(client: ServiceClient, ear: Ear): Promise<Moments> {
  const id = messageId(Date.now(), randomBytes(10))
  const sent = stampMs()
  await client.send({ id, to: TO, from: FROM, text: TEXT, urgent: false })
  const { state, reason } = await client.waitForReceipt(id, WAIT_MS)
  const received = stampMs()
  if (state !== 'accepted') throw new Error(`message ${id} is ${state}, ${reason}`)
  const entered = await until(() => ear.entered.get(id), { what: `the hand-over of ${id}`, everyMs: 1 })
  // The next one shall find it as this one did. The activity of before the turn must not be taken for the end of it.
  ear.activity = 'unknown'
  await untilIdle(client, ear)
  return { id, sent, entered, received }
}

/** A turn may have ended before anybody listened for it: then its record says so. */
async function untilIdle(client: ServiceClient, ear: Ear): Promise<void> {
  let looked = performance.now()
  const look = async () => {
    if (ear.activity === 'idle') return true
    if (performance.now() - looked < 200) return false
    looked = performance.now()
    return (await client.agent(TO)).activity === 'idle'
  }
  await until(look, { what: `${TO} to be idle`, everyMs: 2 })
}

/** When the runtime said that it accepted, by id. */
function saidAt(fleet: FleetUnderTest): Map<string, number> {
  const signals = readFileSync(fleet.paths.journalOf(TO), 'utf8').split('\n').map(parseSignal)
  return new Map(signals.flatMap((signal) => (signal?.kind === 'accepted' ? [[signal.id, signal.at] as const] : [])))
}

function figuresOf(runtime: BenchRuntime, all: readonly Moments[], said: ReadonlyMap<string, number>): Figure[] {
  const since = (from: 'sent' | 'entered') => ({
    ours: all.map((moments) => moments.received - moments[from]),
    own: all.map((moments) => (said.get(moments.id) ?? Number.NaN) - moments[from]),
  })
  const rows = [
    ['Enter to our receipt', since('entered')],
    ['send to our receipt', since('sent')],
  ] as const
  return rows.flatMap(([what, { ours, own }]) =>
    [
      { at: 'p50', of: median, goal: {} },
      { at: 'p95', of: p95, goal: { goal: GOAL } },
    ].map(({ at, of, goal }) => ({
      what: `${runtime}: ${what}, ${at} of ${all.length}`,
      unit: 'ms',
      value: of(ours),
      baseline: { what: `its own signal, ${at}`, value: of(own) },
      ...goal,
    })),
  )
}

/** The whole command, as a user waits for it. */
async function commandFigure(fleet: FleetUnderTest, runtime: BenchRuntime, ownMs: number, rounds: number): Promise<Figure> {
  await using client = await serviceOf(fleet)
  await using ear = new Ear(await serviceOf(fleet))
  const { env } = fleet.home
  const send = async () => {
    const ms = await timed([...MOSAIC, 'agent', 'send', TO, '--verify', '--message', TEXT], env)
    ear.activity = 'unknown'
    await untilIdle(client, ear)
    return ms
  }
  const samples = await interleaved({ send, node: () => timed(BARE_NODE, env) }, rounds)
  return {
    what: `${runtime}: agent send --verify, the whole command`,
    unit: 'ms',
    value: median(samples.send),
    baseline: { what: 'node -e 0, and its own signal after send', value: median(samples.node) + ownMs },
  }
}

async function figuresFor(runtime: BenchRuntime, { quick }: BenchOptions): Promise<Figure[]> {
  await using kept = keep(await worldOf(runtime, { size: 2 }))
  const fleet = kept.world
  await fleet.ok(['fleet', 'up'])
  await using client = await serviceOf(fleet)
  await using ear = new Ear(await serviceOf(fleet))
  const all: Moments[] = []
  const [count, warmUps] = quick ? [20, 3] : [200, 10]
  for (let index = -warmUps; index < count; index += 1) {
    const moments = await sendOne(client, ear)
    if (index >= 0) all.push(moments)
  }
  const said = saidAt(fleet)
  const ownMs = median(all.map(({ id, sent }) => (said.get(id) ?? Number.NaN) - sent))
  return [...figuresOf(runtime, all, said), await commandFigure(fleet, runtime, ownMs, quick ? 4 : 30)]
}

async function run(options: BenchOptions): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const runtime of RUNTIMES) {
    say(`accepted: ${runtime}`)
    figures.push(...(await figuresFor(runtime, options)))
  }
  return figures
}

export const accepted: Bench = { name: 'accepted', run }

if (import.meta.main) await main([accepted])
