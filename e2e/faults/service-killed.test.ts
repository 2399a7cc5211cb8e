import { randomBytes } from 'node:crypto'
import { messageId, type Receipt } from '@mosaic/domain/message'
import { FAULT_POINTS } from '@mosaic/host/mailbox/fault-point'
import type { FakeLlm } from '@mosaic/testkit/fake-llm/server'
import { eventuallyDead } from '@mosaic/testkit/faults'
import { until } from '@mosaic/testkit/until'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FleetUnderTest } from '../fleet-under-test.ts'
import { heardBy, piModel, writeCast } from '../messages/cast.ts'
import { spooled } from '../messages/spooled.ts'
import { armService, endService, killService } from './service.ts'

const PATIENT = ['--verify-timeout', '60000']

/** The points, at the first message that passes them or at the second. */
const FAULTS = {
  stub: FAULT_POINTS.flatMap((point) => [`${point}:1`, `${point}:2`]),
  pi: FAULT_POINTS.map((point) => `${point}:2`),
}

describe.each(['stub', 'pi'] as const)('a host service that is killed while it delivers to %s', (runtime) => {
  let fleet: FleetUnderTest
  let llm: FakeLlm
  const signal = runtime === 'pi' ? 'pi:input' : 'stub:accepted'
  const heard = () => (runtime === 'pi' ? heardBy(llm) : fleet.taken('enhancer'))
  const pidOf = async () => (await fleet.agent('enhancer')).pid

  beforeAll(async () => {
    fleet = await FleetUnderTest.make()
    llm = await piModel(fleet)
    writeCast(fleet, [{ name: 'orchestrator' }, { name: 'enhancer', runtime }])
    await fleet.ok(['fleet', 'up'])
    await fleet.send('enhancer', 'good morning', PATIENT)
    await until(() => heard().length === 1)
  })
  afterAll(async () => {
    await fleet[Symbol.asyncDispose]()
    await llm.close()
  })

  /** Every receipt that was answered is true, and the receiver took each message once, in the order of the spool. */
  async function allTakenOnce(receipts: readonly Receipt[], textOf: (id: string) => string, before: number): Promise<void> {
    for (const receipt of receipts) {
      expect(receipt).toMatchObject({ state: 'accepted', signal, reason: null })
      expect(receipt.attempts).toBeGreaterThanOrEqual(1)
      expect(await fleet.receipt(receipt.id)).toEqual(receipt)
    }
    const ids = new Set(receipts.map(({ id }) => id))
    const order = spooled(fleet).filter((id) => ids.has(id))
    await until(() => heard().length >= before + order.length, { what: `${order.length} messages in the conversation` })
    expect(heard().slice(before)).toEqual(order.map((id) => `[acme@box:operator -> acme@box:enhancer #${id}]\n${textOf(id)}`))
  }

  /** A sender who is told that nobody can say what became of it sends it again by its id. */
  async function untilKnown(id: string, text: string): Promise<Receipt> {
    for (;;) {
      const args = ['agent', 'send', 'enhancer', '--id', id, '--message', text, '--verify', ...PATIENT]
      const answer = await fleet.json<Receipt & { error?: { reason: string; mend: string } }>(args)
      if (answer.error === undefined) return answer
      // Either it may have been stored, and the mend repeats it under its id, or it was certainly not.
      expect(answer.error).toMatchObject({ reason: 'observer_down', mend: expect.stringMatching(`--id ${id}|^mosaic fleet start$`) })
    }
  }

  it.each(FAULTS[runtime])('at %s loses nothing, doubles nothing, and every receipt is true', async (fault) => {
    const pid = await pidOf()
    const before = heard().length
    const armed = await armService(fleet, fault)
    const texts = ['first', 'second', 'third'].map((word) => `${word} at ${fault}`)
    const sent = await Promise.all(texts.map((text) => fleet.send('enhancer', text, PATIENT)))
    await eventuallyDead(armed)
    expect(sent.map(({ status }) => status)).toEqual([0, 0, 0])
    const textOf = (id: string) => texts[sent.findIndex(({ receipt }) => receipt.id === id)] ?? ''
    await allTakenOnce(
      sent.map(({ receipt }) => receipt),
      textOf,
      before,
    )
    expect(await pidOf()).toBe(pid)
  })

  it('again and again at any moment loses nothing, doubles nothing, and every receipt is true', async () => {
    const before = heard().length
    let sending = true
    const texts = new Map<string, string>()
    const sends = async (sender: string) => {
      const receipts: Receipt[] = []
      for (let n = 0; n < 8; n += 1) {
        const id = messageId(Date.now(), randomBytes(10))
        texts.set(id, `${sender} ${n}`)
        receipts.push(await untilKnown(id, `${sender} ${n}`))
      }
      return receipts
    }
    const kills = async () => {
      for (let kill = 0; kill < 6 && sending; kill += 1) {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 700))
        await killService(fleet)
      }
    }
    const killing = kills()
    const receipts = (await Promise.all(['a', 'b'].map(sends)).finally(() => (sending = false))).flat()
    await killing
    await allTakenOnce(receipts, (id) => texts.get(id) ?? '', before)
  })

  it('or ended is brought back by a send to an agent that lives on', async () => {
    const pid = await pidOf()
    await endService(fleet)
    expect(await fleet.send('enhancer', 'while it is away', PATIENT)).toMatchObject({ status: 0, receipt: { state: 'accepted', signal } })
    await endService(fleet)
    const later = await fleet.json<Receipt>(['agent', 'send', 'enhancer', '--message', 'once more'])
    await until(async () => (await fleet.receipt(later.id)).state === 'accepted')
    expect(await pidOf()).toBe(pid)
  })
})
