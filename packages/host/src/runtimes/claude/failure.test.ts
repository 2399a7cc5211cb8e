import { describe, expect, it } from 'vitest'
import { errorSignal, retryOn } from './failure.ts'

describe('a call that failed', () => {
  it.each([
    ['authentication_failed', '', 'logged-out'],
    ['', 'Please run /login · API Error: 401 invalid x-api-key', 'logged-out'],
    ['rate_limit', "You've hit your limit", 'rate-limited'],
    ['', 'API Error: 529 overloaded', 'rate-limited'],
    ['', 'Connection error: ECONNREFUSED', 'offline'],
    ['invalid_request', 'prompt is too long', 'model'],
  ])('%s %s is told as %s', (error, detail, reason) => {
    expect(errorSignal(error, detail).reason).toBe(reason)
  })
})

describe('a retry on the screen', () => {
  it('is told with its reason and when it comes', () => {
    expect(retryOn('❯ hello\n\n✻ 429 rate limited · retrying in 1m 4s · attempt 4/10\n', 1000)).toEqual({
      kind: 'error',
      reason: 'rate-limited',
      detail: '429 rate limited (it tries again: attempt 4 of 10)',
      until: 65_000,
    })
  })

  it('is none where there is none, or no reason yet', () => {
    expect(retryOn('✻ API error · retrying in 1s · attempt 1/10', 0)).toBeUndefined()
    expect(retryOn('✻ Cooked for 2s · done 6:52 PM', 0)).toBeUndefined()
  })
})
