import { describe, expect, test } from 'vitest'
import { rolloutFacts } from './rollout-line.ts'

const at = '2026-11-26T18:17:27.821Z'
const line = (type: string, payload: unknown) => JSON.stringify({ timestamp: at, ordinal: 19, type, payload })
const ID = '01kb0000000000000000000000'

describe('a line of a rollout', () => {
  test('tells of a message of the fleet by its preamble, and of anybody’s words', () => {
    const item = (text: string) => ({
      type: 'item_completed',
      turn_id: 't1',
      item: { type: 'UserMessage', content: [{ type: 'text', text }] },
    })
    expect(rolloutFacts(line('event_msg', item(`[a@h:s -> a@h:s #${ID}]\nhello`)))).toEqual([{ fact: 'user', turn: 't1', id: ID }])
    expect(rolloutFacts(line('event_msg', item('typed')))).toEqual([{ fact: 'user', turn: 't1', id: undefined }])
  })

  test('tells of a turn, and how it ended', () => {
    expect(rolloutFacts(line('event_msg', { type: 'task_started', turn_id: 't1' }))).toEqual([{ fact: 'turn-started', turn: 't1' }])
    expect(rolloutFacts(line('event_msg', { type: 'turn_aborted', turn_id: 't1' }))).toEqual([
      { fact: 'turn-ended', turn: 't1', error: undefined },
    ])
    const error = { message: 'no such key', codex_error_info: { http_connection_failed: { http_status_code: 401 } } }
    expect(rolloutFacts(line('event_msg', { type: 'task_complete', turn_id: 't1', error }))).toEqual([
      { fact: 'turn-ended', turn: 't1', error: { kind: 'error', reason: 'logged-out', detail: 'no such key', until: null } },
    ])
  })

  test.each([
    ['usage_limit_exceeded', 'rate-limited'],
    [{ response_stream_disconnected: { http_status_code: 429 } }, 'rate-limited'],
    [{ responseTooManyFailedAttempts: { httpStatusCode: 429 } }, 'rate-limited'],
    [{ http_connection_failed: { http_status_code: null } }, 'offline'],
    [{ http_connection_failed: { http_status_code: 500 } }, 'model'],
    ['unauthorized', 'logged-out'],
    ['context_window_exceeded', 'model'],
    [undefined, 'model'],
  ])('tells why it failed: %j is %s', (info, reason) => {
    const error = { message: 'm', codex_error_info: info }
    expect(rolloutFacts(line('event_msg', { type: 'task_complete', turn_id: 't', error }))).toMatchObject([{ error: { reason } }])
  })

  test('counts each token once', () => {
    const usage = { input_tokens: 100, cached_input_tokens: 60, cache_write_input_tokens: 10, output_tokens: 7, reasoning_output_tokens: 5 }
    expect(rolloutFacts(line('token_usage_record', { response_id: 'resp_1', usage }))).toEqual([
      {
        fact: 'usage',
        key: 'codex:resp_1',
        tokens: { input: 30, output: 7, cache_read: 60, cache_write: 10, reasoning: 5, cost_usd: null },
      },
    ])
  })

  test('tells of the context and of the windows of the account', () => {
    const info = { last_token_usage: { total_tokens: 9998 }, model_context_window: 258_400 }
    const rate_limits = { primary: { used_percent: 42.5, window_minutes: 300, resets_at: 1_795_722_453 }, secondary: null }
    expect(rolloutFacts(line('event_msg', { type: 'token_count', info, rate_limits }))).toEqual([
      { fact: 'context', used: 9998, limit: 258_400 },
      { fact: 'limits', windows: [{ name: 'primary', used_percent: 42.5, minutes: 300, resets_at: 1_795_722_453_000 }] },
    ])
  })

  test.each([
    '',
    'null',
    '[]',
    '{"type":"event_msg"',
    '{"type":"event_msg"}',
    line('event_msg', null),
    line('token_usage_record', { usage: 'x' }),
  ])('that is none, or says nothing, says nothing: %s', (text) => expect(rolloutFacts(text)).toEqual([]))
})
