import type { Receipt } from '@mosaic/domain/message'
import type { FakeLlm } from '@mosaic/testkit/fake-llm/server'
import { until } from '@mosaic/testkit/until'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FleetUnderTest } from '../fleet-under-test.ts'
import { heardBy, piModel, writeCast } from './cast.ts'
import { filled, KIB } from './contents.ts'
import { spooled } from './spooled.ts'

const SENDERS = ['ci', 'cron'] as const

let fleet: FleetUnderTest
let llm: FakeLlm

beforeAll(async () => {
  fleet = await FleetUnderTest.make()
  llm = await piModel(fleet)
  writeCast(fleet, [{ name: 'orchestrator' }, { name: 'enhancer', runtime: 'pi' }])
  await fleet.ok(['fleet', 'up'])
})
afterAll(async () => {
  await fleet[Symbol.asyncDispose]()
  await llm.close()
})

/** Every tenth is long enough for many reads of the receiver. */
const textOf = (sender: string, n: number) => `${sender} ${n}${n % 10 === 3 ? `\n${filled(12 * KIB, '漢')}` : ''}`

interface Sent {
  receipt: Receipt
  text: string
}

/** One sender: a process for each message, the next when the one before was accepted. */
async function sends(sender: string, to: string, count: number): Promise<Sent[]> {
  const sent: Sent[] = []
  for (let n = 0; n < count; n += 1) {
    const text = textOf(sender, n)
    const { receipt } = await fleet.send(to, text, ['--source-label', sender, '--verify-timeout', '60000'])
    sent.push({ receipt, text })
  }
  return sent
}

async function bothSend(to: string, count: number, heard: () => string[]): Promise<void> {
  const sent = (await Promise.all(SENDERS.map((sender) => sends(sender, to, count)))).flat()
  expect(sent.map(({ receipt }) => [receipt.state, receipt.attempts])).toEqual(sent.map(() => ['accepted', 1]))
  await until(() => heard().length >= sent.length, { what: `${sent.length} messages in the conversation of ${to}` })
  const wanted = new Map(sent.map(({ receipt, text }) => [receipt.id, `[${receipt.from} -> ${receipt.to} #${receipt.id}]\n${text}`]))
  // Whole, each once, and in the order in which they were stored; which is that of each sender.
  const order = spooled(fleet).filter((id) => wanted.has(id))
  expect(heard().map((text, at) => text === wanted.get(order[at] ?? ''))).toEqual(order.map(() => true))
  for (const sender of SENDERS) {
    const own = sent.map(({ receipt }) => receipt).filter(({ from }) => from === `acme@box:${sender}`)
    expect(order.filter((id) => own.some((receipt) => receipt.id === id))).toEqual(own.map(({ id }) => id))
  }
}

describe('two senders at the same time', () => {
  it('have 100 messages each accepted once, in order, none mixed with another: the stub', async () => {
    await bothSend('orchestrator', 100, () => fleet.taken('orchestrator'))
  })

  it('have 25 messages each accepted once, in order, none mixed with another: pi', async () => {
    await bothSend('enhancer', 25, () => heardBy(llm))
  })

  it('and many at once without waiting are all delivered, in the order in which they were stored', async () => {
    const before = fleet.taken('orchestrator').length
    const stored = await Promise.all(
      Array.from({ length: 30 }, (_, n) => fleet.json<Receipt>(['agent', 'send', 'orchestrator', '--message', `burst ${n}`])),
    )
    await until(() => fleet.taken('orchestrator').length === before + stored.length)
    const ids = new Set(stored.map(({ id }) => id))
    const order = spooled(fleet).filter((id) => ids.has(id))
    const taken = fleet.taken('orchestrator').slice(before)
    expect(taken.map((text) => /#([0-9a-z]{26})\]/.exec(text)?.[1])).toEqual(order)
  })
})
