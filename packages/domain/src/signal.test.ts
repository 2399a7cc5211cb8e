import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_SIGNAL_BYTES, parseSignal, type Signal } from './signal.ts'

const base = { v: 1 as const, at: 1767323045678.25, pid: 42 }
const usage = { input: 1, output: 2, cache_read: 3, cache_write: 4, reasoning: 5, cost_usd: null, model: 'm' }
const SIGNALS: readonly Signal[] = [
  { ...base, kind: 'started', session: null },
  { ...base, kind: 'ready' },
  { ...base, kind: 'accepted', id: 'x', mode: 'queued' },
  { ...base, kind: 'duplicate', id: 'x' },
  { ...base, kind: 'activity', activity: 'waiting', detail: 'permission: rm' },
  { ...base, kind: 'turn', phase: 'ended', turn: 3 },
  { ...base, kind: 'usage', key: 'k', usage },
  { ...base, kind: 'context', used: 1, limit: null },
  { ...base, kind: 'error', reason: 'limit', detail: 'until noon', until: 1 },
  { ...base, kind: 'stopped' },
]

describe('a line of the signal journal', () => {
  test.each(SIGNALS)('of kind $kind is read back as it was written', (signal) => {
    expect(parseSignal(JSON.stringify(signal))).toEqual(signal)
  })

  test('may carry keys of later versions', () => {
    expect(parseSignal(JSON.stringify({ ...base, kind: 'ready', later: 1 }))).toEqual({ ...base, kind: 'ready' })
  })

  test.each([
    '',
    ' ',
    'null',
    '[]',
    '"ready"',
    '{',
    JSON.stringify({ ...base }),
    JSON.stringify({ ...base, kind: 'unheard' }),
    JSON.stringify({ ...base, v: 2, kind: 'ready' }),
    JSON.stringify({ ...base, pid: -1, kind: 'ready' }),
    JSON.stringify({ ...base, pid: 1.5, kind: 'ready' }),
    JSON.stringify({ ...base, at: '1', kind: 'ready' }),
    JSON.stringify({ ...base, kind: 'accepted' }),
    JSON.stringify({ ...base, kind: 'accepted', id: 'x', mode: 'done' }),
    JSON.stringify({ ...base, kind: 'activity', activity: 'sleeping', detail: null }),
    `${JSON.stringify({ ...base, kind: 'ready' })}${JSON.stringify({ ...base, kind: 'ready' })}`,
  ])('is not %j', (text) => {
    expect(parseSignal(text)).toBeUndefined()
  })

  test('that was cut short by a crash is no signal', () => {
    for (const signal of SIGNALS) {
      const line = JSON.stringify(signal)
      for (let length = 0; length < line.length; length += 1) expect(parseSignal(line.slice(0, length))).toBeUndefined()
    }
  })

  test('that is longer than the bound is not even parsed', () => {
    const line = JSON.stringify({ ...base, kind: 'error', reason: 'r', detail: '', until: null })
    const fill = (length: number) => line.replace('"detail":""', `"detail":"${'x'.repeat(length - line.length)}"`)
    expect(parseSignal(fill(MAX_SIGNAL_BYTES))?.kind).toBe('error')
    expect(parseSignal(fill(MAX_SIGNAL_BYTES + 1))).toBeUndefined()
  })

  test('of any other kind never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => {
        expect(() => parseSignal(text)).not.toThrow()
      }),
    )
  })
})
