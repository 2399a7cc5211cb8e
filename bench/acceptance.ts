/**
 * How soon each real runtime's acceptance is our receipt, beside the moment at which its own hook, event or journal told of it.
 *
 *   node bench/acceptance.ts [--json] [--quick]
 */

import type { FleetEvent } from '@mosaic/domain/agent-record'
import { stampMs } from '@mosaic/host/signals/journal-writer'
import { until } from '@mosaic/testkit/until'
import { installedVersion, RUNTIMES, type RuntimeUnderTest, runtimeUnderTest } from '../e2e/acceptance/runtimes.ts'
import { AGENT, newMessageId, Scene } from '../e2e/acceptance/scene.ts'
import { type Bench, type BenchOptions, keep, main, say } from './bench.ts'
import type { Figure } from './figures.ts'
import { median, p95 } from './measure.ts'

const TEXT = 'Please look at the failing build and say in one sentence what broke it.'
const WAIT_MS = 180_000
/** Moments of the host service come in whole milliseconds, cut off. */
const HALF_GRAIN_MS = 0.5
const GOAL = { of: 'ratio', atMost: 1.5 } as const

/** Epoch milliseconds with fraction. */
interface Moments {
  sent: number
  /** The courier is about to paste it and press Enter, or to hand it to the runtime's API. */
  entered: number
  /** The runtime's own word, where it reached us. */
  told: number
  /** Our durable receipt, in the client that waits for it. */
  received: number
}

/** Notes when a message is handed over. */
function listen(events: AsyncIterable<FleetEvent>): Map<string, number> {
  const entered = new Map<string, number>()
  const hear = async () => {
    for await (const { at, kind, detail } of events)
      if (kind === 'receipt' && detail['state'] === 'injecting') entered.set(String(detail['id']), Date.parse(at) + HALF_GRAIN_MS)
  }
  // It ends with its connection.
  void hear().catch(() => {})
  return entered
}

async function measure(scene: Scene, count: number): Promise<Moments[]> {
  const client = await scene.client()
  const ear = await scene.client()
  const ended = new AbortController()
  const entered = listen(ear.events({ signal: ended.signal }))
  const all: Moments[] = []
  for (let round = -2; round < count; round += 1) {
    await scene.idle()
    const id = newMessageId()
    const sent = stampMs()
    await client.send({ id, to: AGENT, from: 'acme@box:operator', text: TEXT, urgent: false })
    const { state, reason, accepted_at } = await client.waitForReceipt(id, WAIT_MS)
    const received = stampMs()
    if (state !== 'accepted' || accepted_at === null) throw new Error(`message ${id} is ${state}, ${reason}`)
    const at = await until(() => entered.get(id), { what: `the hand-over of ${id}`, withinMs: WAIT_MS })
    await scene.heard(id)
    // The first ones fill caches.
    if (round >= 0) all.push({ sent, entered: at, told: Date.parse(accepted_at) + HALF_GRAIN_MS, received })
  }
  ended.abort()
  return all
}

function figuresOf({ id }: RuntimeUnderTest, all: readonly Moments[]): Figure[] {
  const handOver = id === 'claude' ? 'Enter' : 'API call'
  const since = { [`${handOver} to our receipt`]: 'entered', 'send to our receipt': 'sent' } as const
  return Object.entries(since).flatMap(([what, from]) =>
    (
      [
        ['p50', median],
        ['p95', p95],
      ] as const
    ).map(([at, of]) => ({
      what: `${id}: ${what}, ${at} of ${all.length}`,
      unit: 'ms',
      value: of(all.map((moments) => moments.received - moments[from])),
      baseline: { what: `its own word, ${at}`, value: of(all.map((moments) => moments.told - moments[from])) },
      ...(at === 'p95' ? { goal: GOAL } : {}),
    })),
  )
}

async function run({ quick }: BenchOptions): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const id of RUNTIMES) {
    const runtime = runtimeUnderTest[id]
    if (installedVersion(runtime) === undefined) {
      figures.push({ what: id, notMeasured: 'not installed: ./test --real installs it' })
      continue
    }
    say(`acceptance: ${id}`)
    // As in life, seconds.
    await using kept = keep(await Scene.open(runtime, { heartbeatInterval: 15 }))
    figures.push(...figuresOf(runtime, await measure(kept.world, quick ? 3 : 20)))
  }
  return figures
}

export const acceptance: Bench = { name: 'acceptance', run }

if (import.meta.main) await main([acceptance])
