import { expect, it } from 'vitest'
import { statusLineSignals } from './status-line.ts'

const context_window = {
  context_window_size: 200_000,
  current_usage: { input_tokens: 1, cache_creation_input_tokens: 20, cache_read_input_tokens: 300, output_tokens: 9 },
}

it('a status line tells the context, and the windows of an account that has some', () => {
  const rate_limits = { five_hour: { used_percentage: 42, resets_at: 1_795_222_146 }, other: { used_percentage: 'none' } }
  expect(statusLineSignals(JSON.stringify({ context_window, rate_limits }))).toEqual([
    { kind: 'context', used: 321, limit: 200_000 },
    { kind: 'limits', windows: [{ name: 'five_hour', used_percent: 42, minutes: 300, resets_at: 1_795_222_146_000 }] },
  ])
})

it('a status line of an account without windows tells nothing of them', () => {
  expect(statusLineSignals(JSON.stringify({ context_window }))).toEqual([{ kind: 'context', used: 321, limit: 200_000 }])
  expect(statusLineSignals(JSON.stringify({ context_window: { ...context_window, current_usage: null } }))).toEqual([
    { kind: 'context', used: null, limit: 200_000 },
  ])
})

it('a status line that is being written tells nothing', () => {
  expect(statusLineSignals('{"context_window": {"context')).toEqual([])
  expect(statusLineSignals('')).toEqual([])
})
