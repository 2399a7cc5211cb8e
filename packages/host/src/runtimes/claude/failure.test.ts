import { recordedScreens } from '@mosaic/testkit/recorded-screens'
import { describe, expect, it } from 'vitest'
import { errorSignal, retryOn } from './failure.ts'

const RULE = '─'.repeat(40)
const COMPOSER = `${RULE}\n❯\n${RULE}\n\n  ⏸ manual mode on · esc to interrupt\n`
const RETRY = '✻ 401 invalid x-api-key · retrying in 2s · attempt 4/10'

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

  it.each([
    ['limit', 'rate-limited'],
    ['logged-out', 'logged-out'],
  ])('is told of a recorded screen: %s', (state, reason) => {
    const screens = recordedScreens().filter((screen) => screen.runtime === 'claude' && screen.state === state)
    expect(screens.length).toBeGreaterThan(0)
    for (const { text } of screens) expect(retryOn(text, 0)).toMatchObject({ reason })
  })

  it.each([
    ['far above the composer', `${RETRY}\n${'a line\n'.repeat(12)}`],
    ['by the model', `● ${RETRY.slice(2)}\n  ${RETRY}\n`],
    ['by whoever asked', `❯ ${RETRY.slice(2)}\n  ${RETRY}\n`],
  ])('is none of what is said in the conversation: %s', (_where, conversation) => {
    expect(retryOn(`${conversation}\n${COMPOSER}`, 0)).toBeUndefined()
    expect(retryOn(`${RETRY}\n${COMPOSER}`, 0)).toMatchObject({ reason: 'logged-out' })
  })
})
