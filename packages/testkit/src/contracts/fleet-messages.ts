/** What a fleet does with messages, however it is reached. */

import { messageId, ReceiptSchema } from '@mosaic/domain/message'
import { describe, expect, test } from 'vitest'
import { until } from '../until.ts'
import { agentIs, refusal } from './fleet-home.ts'
import { type FleetScenes, PLACED } from './fleet-scene.ts'

export function messagesThrough(name: string, { defined, running }: FleetScenes): void {
  describe(`messages sent through ${name}`, () => {
    test(
      'are accepted by the runtime itself, and the receipt is the proof',
      running(async (fleet, home) => {
        const message = home.message('orchestrator', 'two\nlines')
        const stored = await fleet.send(message)
        expect(stored).toMatchObject({ ...PLACED, id: message.id, from: message.from, to: home.address('orchestrator'), bytes: 9 })
        const receipt = await fleet.waitForReceipt(message.id, 20_000)
        expect(ReceiptSchema.parse(receipt)).toEqual(receipt)
        expect(receipt).toMatchObject({ state: 'accepted', reason: null, signal: 'stub:accepted', mode: 'turn', attempts: 1 })
        expect(receipt.latency_ms).toBeGreaterThan(0)
        expect(await fleet.receipt(message.id)).toEqual(receipt)
        await until(async () => (await home.screen('orchestrator')).includes(message.id))
      }),
    )

    test(
      'have receipts, newest first, as many as asked for and of that receiver alone',
      running(async (fleet, home) => {
        const messages = ['one', 'two', 'three'].map((text) => home.message('orchestrator', text))
        for (const message of messages) await fleet.send(message)
        await fleet.send(home.message('enhancer', 'other'))
        for (const { id } of messages) expect((await fleet.waitForReceipt(id, 20_000)).state).toBe('accepted')
        const newestFirst = messages.map(({ id }) => id).reverse()
        expect((await fleet.receipts('orchestrator', 10)).map(({ id }) => id)).toEqual(newestFirst)
        expect((await fleet.receipts('orchestrator', 2)).map(({ id }) => id)).toEqual(newestFirst.slice(0, 2))
        const unknown = messageId(Date.now(), new Uint8Array(10))
        expect(await refusal(fleet.receipt(unknown))).toMatchObject({ code: 'not_found' })
        expect(await refusal(fleet.waitForReceipt(unknown, 1))).toMatchObject({ code: 'not_found' })
      }),
    )

    test(
      'are delivered once when sent twice, and an id is never lent to another message',
      running(async (fleet, home) => {
        const message = home.message('orchestrator', 'only once')
        await fleet.send(message)
        await fleet.send(message)
        expect((await fleet.waitForReceipt(message.id, 20_000)).state).toBe('accepted')
        expect((await fleet.send(message)).state).toBe('accepted')
        expect(await fleet.receipts('orchestrator', 10)).toHaveLength(1)
        expect(await refusal(fleet.send({ ...message, text: 'another' }))).toMatchObject({ code: 'refused' })
      }),
    )

    test(
      'are refused before anything is stored when they cannot be delivered to anybody',
      running(async (fleet, home) => {
        const good = home.message('orchestrator', 'x')
        expect(await refusal(fleet.send({ ...good, to: 'nobody' }))).toMatchObject({ code: 'not_found' })
        expect(await refusal(fleet.send({ ...good, id: 'short' }))).toMatchObject({ code: 'invalid' })
        expect(await refusal(fleet.send({ ...good, from: 'nobody' }))).toMatchObject({ code: 'invalid' })
        expect(await refusal(fleet.send({ ...good, text: '' }))).toMatchObject({ code: 'invalid' })
        expect(await refusal(fleet.send({ ...good, text: 'x'.repeat(64 * 1024 + 1) }))).toMatchObject({
          code: 'invalid',
          reason: 'too-large',
        })
        expect(await fleet.receipts('orchestrator', 10)).toEqual([])
      }),
    )

    test(
      'to a stopped agent wait for it, and say why; with a deadline they end as not accepted',
      running(async (fleet, home) => {
        await fleet.stop(['enhancer'])
        const bounded = home.message('enhancer', 'at once or not at all', { deadlineAtMs: Date.now() + 300 })
        const patient = home.message('enhancer', 'whenever you are there')
        await fleet.send(bounded)
        await fleet.send(patient)
        expect(await fleet.waitForReceipt(bounded.id, 20_000)).toMatchObject({ state: 'refused', reason: 'not-running' })
        expect(await fleet.waitForReceipt(patient.id, 0)).toMatchObject({ state: 'stored' })
        await agentIs(fleet, 'enhancer', (agent) => agent.queued === 1, 'having one message queued')
        await fleet.start(['enhancer'])
        expect(await fleet.waitForReceipt(patient.id, 20_000)).toMatchObject({ state: 'accepted', attempts: 1 })
        await agentIs(fleet, 'enhancer', (agent) => agent.queued === 0, 'having nothing queued')
      }),
    )

    test(
      'tell each agent of its peers and how to reach them',
      defined(async (fleet, home) => {
        const block = await fleet.commsBlock('enhancer')
        expect(block).toContain(home.address('enhancer'))
        expect(block).toContain('mosaic agent send orchestrator --verify')
      }),
    )

    test(
      'between agents wait while the fleet is paused; a person is still heard',
      running(async (fleet, home) => {
        await fleet.pause()
        await fleet.pause()
        expect(await fleet.snapshot()).toMatchObject({ paused: true, agents: [{ flags: ['PAUSED'] }, { flags: ['PAUSED'] }] })
        const dispatch = home.message('enhancer', 'work', { from: home.address('orchestrator') })
        await fleet.send(dispatch)
        await until(async () => (await fleet.receipt(dispatch.id)).reason === 'paused')
        const word = home.message('orchestrator', 'are you there?')
        await fleet.send(word)
        expect((await fleet.waitForReceipt(word.id, 20_000)).state).toBe('accepted')
        expect(await fleet.receipt(dispatch.id)).toMatchObject({ state: 'stored', reason: 'paused', attempts: 0 })
        await fleet.resume()
        expect((await fleet.waitForReceipt(dispatch.id, 20_000)).state).toBe('accepted')
        expect(await fleet.snapshot()).toMatchObject({ paused: false, agents: [{ flags: [] }, { flags: [] }] })
      }),
    )
  })
}
