/** What whoever keeps messages and receipts promises. */

import {
  isSettled,
  MAX_MESSAGE_BYTES,
  type Message,
  messageId,
  nextReceiptState,
  RECEIPT_EVENTS,
  RECEIPT_STATES,
  type ReceiptEvent,
  ReceiptSchema,
  type ReceiptState,
} from '@mosaic/domain/message'
import type { Spool } from '@mosaic/domain/ports/mailbox'
import { parseSignal } from '@mosaic/domain/signal'
import { describe, expect, it } from 'vitest'
import { type TempHome, tempHome } from '../temp-home.ts'

/** When the messages of these tests were made, epoch milliseconds. */
export const SPOOL_EPOCH_MS = Date.UTC(2026, 0, 2, 3, 4, 5)
const NOW = SPOOL_EPOCH_MS
const address = (session: string) => ({ tenant_id: 't', host: 'h', session })
let made = 0

/** One of its own, from `a` to `b`. */
export function spoolMessage(changes: Partial<Message> = {}): Message {
  made += 1
  const id = messageId(NOW, new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, made >> 8, made & 255]))
  const text = `text ${made}`
  return { id, from: address('a'), to: address('b'), text, urgent: false, createdAtMs: NOW, deadlineAtMs: undefined, ...changes }
}
const message = spoolMessage

/** Opens the spool of that home; every call another one, as another process has it. */
export type OpenSpool = (home: TempHome) => Spool

const closing = (spool: Spool): Spool & Disposable => Object.assign(spool, { [Symbol.dispose]: () => spool.close() })

async function scene(open: OpenSpool) {
  const home = await tempHome()
  const spool = closing(open(home))
  return {
    spool,
    again: () => closing(open(home)),
    async [Symbol.asyncDispose]() {
      spool.close()
      await home[Symbol.asyncDispose]()
    },
  }
}

/** Steps that lead to each state. */
const PATHS: Readonly<Record<ReceiptState, readonly ReceiptEvent[]>> = {
  stored: [],
  injecting: ['claim'],
  injected: ['claim', 'injected'],
  accepted: ['claim', 'injected', 'accept'],
  refused: ['expire'],
  unconfirmed: ['claim', 'injected', 'expire'],
}

export function spoolContract(name: string, open: OpenSpool): void {
  describe(`${name}:`, () => {
    describe('storing', () => {
      it('gives a receipt that says all there is to say', async () => {
        await using it = await scene(open)
        const sent = message({ text: 'grüße 🎉' })
        const receipt = it.spool.store(sent)
        expect(ReceiptSchema.parse(receipt)).toEqual({
          id: sent.id,
          tenant_id: 't',
          host: 'h',
          from: 't@h:a',
          to: 't@h:b',
          state: 'stored',
          reason: null,
          detail: null,
          signal: null,
          mode: null,
          attempts: 0,
          bytes: 12,
          created_at: '2026-01-02T03:04:05.000Z',
          injected_at: null,
          accepted_at: null,
          latency_ms: null,
        })
        expect(it.spool.receipt(sent.id)).toEqual(receipt)
      })

      it('the same message again stores nothing and gives the receipt as it is by now', async () => {
        await using it = await scene(open)
        const sent = message()
        it.spool.store(sent)
        it.spool.apply(sent.id, { event: 'claim', atMs: NOW })
        expect(it.spool.store({ ...sent, createdAtMs: NOW + 1, urgent: true })).toMatchObject({ state: 'injecting', attempts: 1 })
        expect(it.spool.receipts('b', 10)).toHaveLength(1)
      })

      it('refuses the id of another message, and leaves that one alone', async () => {
        await using it = await scene(open)
        const sent = message()
        it.spool.store(sent)
        const refusal = expect.objectContaining({ code: 'refused' })
        expect(() => it.spool.store({ ...sent, text: `${sent.text} ` })).toThrow(refusal)
        expect(() => it.spool.store({ ...sent, to: address('c') })).toThrow(refusal)
        expect(it.spool.pending('b').map(({ message: { id } }) => it.spool.message(id))).toEqual([sent])
        expect(it.spool.pending('c')).toEqual([])
        // The failed transaction is over.
        expect(it.spool.store(message()).state).toBe('stored')
      })

      it('keeps the order per receiver, whatever the ids and times say', async () => {
        await using it = await scene(open)
        const [x, y, z] = [message({ createdAtMs: NOW + 9 }), message({ to: address('c') }), message({ createdAtMs: NOW - 9 })]
        for (const one of [z, y, x]) it.spool.store(one)
        expect(it.spool.pending('b').map((entry) => entry.message.id)).toEqual([z.id, x.id])
        expect(it.spool.receivers().sort((a, b) => a.session.localeCompare(b.session))).toEqual([
          { session: 'b', queued: 2 },
          { session: 'c', queued: 1 },
        ])
        expect(it.spool.receipts('b', 1).map(({ id }) => id)).toEqual([x.id])
      })

      it('gives back every byte of the largest message, also to the next process', async () => {
        await using it = await scene(open)
        const text = `-$(x);\t'"\n🎉漢${'\u2028'}é${'y'.repeat(100)}`.repeat(400).slice(0, MAX_MESSAGE_BYTES / 4)
        const sent = message({ text, urgent: true, deadlineAtMs: NOW + 0.5 })
        it.spool.store(sent)
        using again = it.again()
        const { text: _, ...head } = sent
        expect(again.pending('b')).toEqual([{ message: head, state: 'stored', attempts: 0, incarnation: null }])
        expect(again.message(sent.id)).toEqual(sent)
        expect(again.message('unknown')).toBeUndefined()
      })
    })

    describe('receipts', () => {
      it('move as the table says, from every state by every event', async () => {
        await using it = await scene(open)
        for (const state of RECEIPT_STATES) {
          for (const event of RECEIPT_EVENTS) {
            const what = `${state} ${event}`
            const { id } = it.spool.store(message({ to: address(`to-${state}-${event}`) }))
            for (const step of PATHS[state]) it.spool.apply(id, { event: step, atMs: NOW })
            const before = it.spool.receipt(id)
            expect(before?.state, what).toBe(state)
            const to = nextReceiptState(state, event)
            const after = it.spool.apply(id, { event, atMs: NOW + 5, reason: 'dead', detail: 'words' })
            if (to === undefined) expect(after, what).toEqual(before)
            else expect(after, what).toMatchObject({ state: to, reason: event === 'accept' ? null : 'dead' })
            expect(it.spool.receipt(id), what).toEqual(after)
            expect(it.spool.pending(`to-${state}-${event}`), what).toHaveLength(isSettled(after.state) ? 0 : 1)
          }
        }
      })

      it('count what was handed over, and tell when and by which signal it was accepted', async () => {
        await using it = await scene(open)
        const { id } = it.spool.store(message())
        it.spool.apply(id, { event: 'claim', atMs: NOW, incarnation: 'l1' })
        it.spool.apply(id, { event: 'postpone', atMs: NOW, reason: 'copy-mode', detail: 'scrolls' })
        expect(it.spool.receipt(id)).toMatchObject({ state: 'stored', attempts: 0, reason: 'copy-mode', detail: 'scrolls' })
        it.spool.apply(id, { event: 'claim', atMs: NOW, incarnation: 'l2' })
        expect(it.spool.receipt(id)).toMatchObject({ reason: null, detail: null, attempts: 1 })
        expect(it.spool.pending('b')[0]?.incarnation).toBe('l2')
        it.spool.apply(id, { event: 'injected', atMs: NOW + 10, reason: 'unverifiable' })
        expect(it.spool.apply(id, { event: 'accept', atMs: NOW + 12.34, signal: 'stub:accepted', mode: 'queued' })).toMatchObject({
          state: 'accepted',
          reason: null,
          signal: 'stub:accepted',
          mode: 'queued',
          attempts: 1,
          injected_at: '2026-01-02T03:04:05.010Z',
          accepted_at: '2026-01-02T03:04:05.012Z',
          latency_ms: 12.3,
        })
      })

      it('tell no latency below zero of a runtime whose clock is behind', async () => {
        await using it = await scene(open)
        const { id } = it.spool.store(message())
        expect(it.spool.apply(id, { event: 'accept', mode: 'turn', atMs: NOW - 5_000 }).latency_ms).toBe(0)
      })

      it('stay readable whatever time a runtime writes into its journal', async () => {
        await using it = await scene(open)
        for (const at of [1e300, -1e300, 8.64e15, 8.64e15 + 1, -1, 0, 5e-324, NOW]) {
          const { id } = it.spool.store(message())
          const heard = parseSignal(JSON.stringify({ v: 1, at, pid: 1, kind: 'accepted', id, mode: 'turn' }))
          if (heard !== undefined) it.spool.apply(id, { event: 'accept', atMs: heard.at })
          expect(ReceiptSchema.safeParse(it.spool.receipt(id)).success).toBe(true)
        }
        expect(it.spool.receipts('b', 10)).toHaveLength(8)
      })

      it('say why a stored message is held back, and only of a stored one', async () => {
        await using it = await scene(open)
        const [waiting, taken] = [message(), message()]
        for (const one of [waiting, taken]) it.spool.store(one)
        it.spool.apply(taken.id, { event: 'claim', atMs: NOW })
        const other = message({ from: address('other') })
        it.spool.store(other)
        it.spool.hold('b', ['a'], 'dialog', 'a question is open')
        expect(it.spool.receipt(waiting.id)).toMatchObject({ state: 'stored', reason: 'dialog', detail: 'a question is open' })
        expect(it.spool.receipt(taken.id)).toMatchObject({ state: 'injecting', reason: null })
        expect(it.spool.receipt(other.id)).toMatchObject({ state: 'stored', reason: null })
      })

      it('of all that wait and are overdue end at once, each with what held it back, but not of the one under way', async () => {
        await using it = await scene(open)
        const due = { deadlineAtMs: NOW + 5 }
        const [taken, again, held, fresh, later] = [
          message(due),
          message(due),
          message(due),
          message({ ...due, from: address('x') }),
          message(),
        ] as const
        for (const one of [taken, again, held, fresh, later]) it.spool.store(one)
        it.spool.apply(taken.id, { event: 'claim', atMs: NOW })
        for (const event of ['claim', 'requeue'] as const) it.spool.apply(again.id, { event, atMs: NOW })
        it.spool.hold('b', ['a'], 'draft', 'words')
        expect(it.spool.nearestDeadlineMs('b')).toBe(NOW + 5)
        expect(it.spool.expireWaiting('b', NOW + 4)).toEqual([])
        expect(it.spool.expireWaiting('b', NOW + 5).map(({ id, state, reason }) => [id, state, reason])).toEqual([
          [again.id, 'unconfirmed', 'draft'],
          [held.id, 'refused', 'draft'],
          [fresh.id, 'refused', 'timeout'],
        ])
        expect(it.spool.pending('b').map((entry) => entry.message.id)).toEqual([taken.id, later.id])
      })

      it('tell whose turn it is: the one under way, else the oldest, of chosen senders when asked so', async () => {
        await using it = await scene(open)
        const [first, second, third] = [message(), message({ from: address('x') }), message({ deadlineAtMs: NOW })] as const
        for (const one of [first, second, third]) it.spool.store(one)
        expect(it.spool.senders('b').sort()).toEqual(['a', 'x'])
        expect(it.spool.first('b')?.message.id).toBe(first.id)
        expect(it.spool.first('b', ['x', 'y'])?.message.id).toBe(second.id)
        expect(it.spool.first('b', [])).toBeUndefined()
        for (const event of ['claim', 'injected'] as const) {
          it.spool.apply(third.id, { event, atMs: NOW })
          expect(it.spool.first('b')?.message.id).toBe(third.id)
        }
        expect(it.spool.first('nobody')).toBeUndefined()
        expect(it.spool.nearestDeadlineMs('nobody')).toBeUndefined()
      })

      it('of an unknown message are absent, and cannot be changed', async () => {
        await using it = await scene(open)
        expect(it.spool.receipt('x')).toBeUndefined()
        expect(() => it.spool.apply('x', { event: 'claim', atMs: NOW })).toThrow(expect.objectContaining({ code: 'not_found' }))
      })

      it('are pruned when they are settled and old, never before', async () => {
        await using it = await scene(open)
        const aged = { createdAtMs: NOW - 100 }
        const all = [message(aged), message(aged), message(aged), message()]
        for (const one of all) it.spool.store(one)
        const [waiting, accepted, refused, young] = all.map(({ id }) => id) as [string, string, string, string]
        for (const id of [accepted, young]) it.spool.apply(id, { event: 'accept', atMs: NOW })
        it.spool.apply(refused, { event: 'refuse', atMs: NOW })
        expect(it.spool.prune(NOW - 100)).toBe(0)
        expect(it.spool.prune(NOW)).toBe(2)
        expect(it.spool.receipts('b', 10).map(({ id }) => id)).toEqual([young, waiting])
      })
    })
  })
}
