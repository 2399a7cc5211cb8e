import { expect, test } from 'vitest'
import { messageInfoOf } from './api.ts'
import { contextUsedOf, errorSignal, reasonOf, retrySignal, usageSignal } from './usage.ts'

/** As OpenCode 1.18.33 keeps it. */
const stored = {
  id: 'msg_2191b2421001by7ZdH7dYt2M0S',
  sessionID: 'ses_1',
  role: 'assistant',
  parentID: 'msg_1',
  cost: 0.00108,
  tokens: { total: 187, input: 107, output: 30, reasoning: 20, cache: { read: 30, write: 0 } },
  modelID: 'fake-model',
  providerID: 'fake',
  time: { created: 1, completed: 2 },
}
const info = (more: Record<string, unknown> = {}) => {
  const found = messageInfoOf({ ...stored, ...more })
  if (found === undefined) throw new Error('not a message')
  return found
}

test('tells the tokens of a call under its own id, what was thought as part of the output', () => {
  expect(usageSignal(info(), true)).toEqual({
    kind: 'usage',
    key: 'opencode:msg_2191b2421001by7ZdH7dYt2M0S',
    usage: { input: 107, output: 50, cache_read: 30, cache_write: 0, reasoning: 20, cost_usd: 0.00108, model: 'fake/fake-model' },
  })
  expect(contextUsedOf(info())).toBe(187)
})

test('tells no cost where no price is known, and nothing of a call without tokens', () => {
  expect(usageSignal(info({ cost: 0 }), false)).toMatchObject({ usage: { cost_usd: null } })
  expect(usageSignal(info({ cost: 0 }), true)).toMatchObject({ usage: { cost_usd: 0 } })
  expect(usageSignal(info({ tokens: { input: 0, output: 0 } }), true)).toBeUndefined()
})

test('tells why a call failed in the words of the fleet, and until when', () => {
  const error = (statusCode: number, headers = {}) => ({ name: 'APIError', data: { message: 'no', statusCode, responseHeaders: headers } })
  expect(errorSignal(error(429, { 'retry-after': '3' }), 1000)).toEqual({
    kind: 'error',
    reason: 'rate-limited',
    detail: 'no',
    until: 4000,
  })
  expect(errorSignal(error(401), 0)).toMatchObject({ reason: 'logged-out', until: null })
  expect(errorSignal(error(400), 0)).toMatchObject({ reason: 'model' })
  expect(errorSignal({ name: 'MessageAbortedError', data: {} }, 0)).toBeUndefined()
})

test('reads a reason out of words where there is no status', () => {
  expect(reasonOf('ProviderAuthError', undefined, 'no key')).toBe('logged-out')
  expect(reasonOf('', undefined, 'fake 429 limit')).toBe('rate-limited')
  expect(reasonOf('UnknownError', undefined, 'Unable to connect. Is the computer able to access the url?')).toBe('offline')
  expect(retrySignal({ type: 'retry', attempt: 1, message: 'fake rate limit', next: 1_795_717_552_636 })).toEqual({
    kind: 'error',
    reason: 'rate-limited',
    detail: 'fake rate limit',
    until: 1_795_717_552_636,
  })
})
