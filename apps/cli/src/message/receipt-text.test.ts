import { BLOCK_REASONS, type Receipt } from '@mosaic/domain/message'
import { expect, test } from 'vitest'
import { makeStyle } from '../output/style.ts'
import { receiptLines, storedText, verifiedText } from './receipt-text.ts'

const plain = makeStyle(false)
const ID = '01m8c1ksyeydzaeftt2b0jzbar'

const receipt: Receipt = {
  id: ID,
  tenant_id: 't',
  host: 'h',
  from: 't@h:operator',
  to: 't@h:coder0',
  state: 'accepted',
  reason: null,
  detail: null,
  signal: 'stub:accepted',
  mode: 'turn',
  attempts: 1,
  bytes: 5,
  created_at: '2026-11-26T13:44:40.664Z',
  injected_at: null,
  accepted_at: null,
  latency_ms: 34.2,
}

test('an acceptance names the agent, the time, the signal and the id', () => {
  expect(verifiedText(receipt, plain)).toBe(`accepted by coder0 in 34 ms (stub:accepted) #${ID}`)
  expect(verifiedText({ ...receipt, mode: 'queued' }, plain)).toBe(
    `accepted by coder0 in 34 ms (stub:accepted, queued behind its turn) #${ID}`,
  )
})

test.each(BLOCK_REASONS)('%s says what to do', (reason) => {
  const text = verifiedText({ ...receipt, state: 'refused', reason, detail: 'as it is' }, plain)
  expect(text).toMatch(new RegExp(`^not accepted by coder0: ${reason}, as it is #${ID}\\n  mend: .+$`))
})

test('a message that is still on its way is not accepted either', () => {
  expect(verifiedText({ ...receipt, state: 'stored' }, plain)).toContain('not accepted by coder0: still stored when the time was up')
})

test('a message that stays stored is said to, so that nobody sends it twice', () => {
  const text = verifiedText({ ...receipt, state: 'stored', reason: 'not-running', detail: 'it is stopped' }, plain)
  expect(text).toContain('not accepted by coder0: not-running, it is stopped; it stays stored')
})

test('an acceptance that only a dropped repeat told of claims no time', () => {
  const told = { ...receipt, signal: 'stub:accepted (duplicate)', mode: null, latency_ms: null }
  expect(verifiedText(told, plain)).toBe(`accepted by coder0 (stub:accepted (duplicate)) #${ID}`)
})

test('a send that does not wait says what became of it so far', () => {
  expect(storedText({ ...receipt, state: 'stored' }, plain)).toBe(`stored for coder0 #${ID}`)
  expect(storedText({ ...receipt, state: 'stored', reason: 'queued', detail: null }, plain)).toBe(`stored for coder0 #${ID}: queued`)
})

test('a receipt in full leaves out what is not known, and cannot move the cursor', () => {
  const lines = receiptLines({ ...receipt, state: 'refused', reason: 'dialog', detail: 'May I \u001b[2J?' })
  expect(lines).toContain('detail:   May I ␛[2J?')
  expect(lines).toContain('mend:     answer what it asks: mosaic agent attach coder0')
  expect(lines.some((line) => line.startsWith('injected'))).toBe(false)
})
