import { describe, expect, test } from 'vitest'
import { errorSignal, ModelCalls, usageSignal } from './usage.ts'

describe('what is said of a model call', () => {
  test('has its tokens, its cost and a key of its own', () => {
    const usage = { input: 10, output: 20, cacheRead: 30, cacheWrite: 40, reasoning: 5, cost: { total: 0.5 } }
    const message = { role: 'assistant', usage, provider: 'p', model: 'm', timestamp: 7 }
    expect(usageSignal(message, 's', 1)).toEqual({
      kind: 'usage',
      key: `pi:s:7:${process.pid}:1`,
      usage: { input: 10, output: 20, cache_read: 30, cache_write: 40, reasoning: 5, cost_usd: 0.5, model: 'p/m' },
    })
    expect(usageSignal(message, 's', 2)).not.toEqual(usageSignal(message, 's', 1))
  })

  test('is zero where pi says nothing', () => {
    expect(usageSignal({ role: 'assistant', usage: { input: Number.NaN } }, 's', 1)).toMatchObject({
      usage: { input: 0, output: 0, cost_usd: null, model: null },
    })
  })

  test.each([
    [429, 'rate-limited'],
    [401, 'auth'],
    [403, 'auth'],
    [529, 'provider'],
    [400, 'model'],
    [200, 'model'],
  ])('names status %i as %s', (status, reason) => {
    expect(errorSignal({ role: 'assistant', errorMessage: 'why' }, { status, headers: {} })).toEqual({
      kind: 'error',
      reason,
      detail: 'why',
      until: null,
    })
  })

  test('says until when a limit holds, given in seconds or as a date', () => {
    const before = Date.now()
    const seconds = errorSignal({ role: 'assistant' }, { status: 429, headers: { 'retry-after': '60' } })
    expect(seconds).toMatchObject({ until: expect.toSatisfy((at: number) => at >= before + 60_000 && at <= Date.now() + 60_000) })
    const date = 'Wed, 21 Oct 2037 07:28:00 GMT'
    expect(errorSignal({ role: 'assistant' }, { status: 429, headers: { 'retry-after': date } })).toMatchObject({ until: Date.parse(date) })
    expect(errorSignal({ role: 'assistant' }, { status: 429, headers: { 'retry-after': 'soon' } })).toMatchObject({ until: null })
  })

  test('says once that it went on after a failure, and not by a call that was broken off', () => {
    const calls = new ModelCalls()
    const kinds = (stopReason: string) => calls.ended({ role: 'assistant', stopReason }, 's').map(({ kind }) => kind)
    expect(['stop', 'error', 'error', 'aborted', 'stop', 'stop'].map(kinds)).toEqual([[], ['error'], ['error'], [], ['recovered'], []])
  })
})
