import type { SignalBody } from '@mosaic/domain/signal'
import { beforeEach, describe, expect, test } from 'vitest'
import { ThreadVoice } from './thread-voice.ts'

const ID = '01kb0000000000000000000000'
const event = (payload: unknown) => JSON.stringify({ timestamp: 't', type: 'event_msg', payload })
const started = (turn: string) => event({ type: 'task_started', turn_id: turn })
const ended = (turn: string, error?: unknown) => event({ type: 'task_complete', turn_id: turn, error })
const said = (turn: string, text: string) =>
  event({ type: 'item_completed', turn_id: turn, item: { type: 'UserMessage', content: [{ type: 'text', text }] } })
const message = `[a@h:s -> a@h:s #${ID}]\nhello`
const usage = (id: string) =>
  JSON.stringify({ timestamp: 't', type: 'token_usage_record', payload: { response_id: id, usage: { input_tokens: 1 } } })

let signals: SignalBody[] = []
let voice = new ThreadVoice(() => {})
beforeEach(() => {
  signals = []
  voice = new ThreadVoice((signal) => signals.push(signal))
})
const hear = (...lines: string[]) => {
  for (const line of lines) voice.line(line)
}

describe('the voice of a conversation', () => {
  test('counts turns, and says each once although the file is read again', () => {
    hear(started('a'), ended('a'), started('b'))
    expect(voice.turn).toBe(2)
    expect(voice.openTurn).toBe('b')
    voice.beginFile()
    hear(started('a'), ended('a'), started('b'), ended('b'))
    expect(signals.map((signal) => (signal.kind === 'turn' ? `${signal.phase} ${signal.turn}` : signal.kind))).toEqual([
      'started 1',
      'ended 1',
      'started 2',
      'ended 2',
    ])
    voice.beginFile()
    expect(voice.turn).toBe(0)
  })

  test('ends a turn that was cut off when the next one begins', () => {
    hear(started('a'), started('b'))
    expect(signals).toEqual([
      { kind: 'turn', phase: 'started', turn: 1 },
      { kind: 'turn', phase: 'ended', turn: 1 },
      { kind: 'turn', phase: 'started', turn: 2 },
    ])
  })

  test('says how a message got in: by opening a turn, by waiting, or by joining one', () => {
    hear(started('a'), said('a', message))
    expect(signals.at(-1)).toEqual({ kind: 'accepted', id: ID, mode: 'turn' })
    const other = message.replace(ID, '01kb0000000000000000000001')
    hear(said('a', other))
    expect(signals.at(-1)).toMatchObject({ mode: 'steered' })
    voice.accepted('01kb0000000000000000000002', 'queued')
    hear(started('b'), said('b', message.replace(ID, '01kb0000000000000000000002')))
    expect(signals.filter(({ kind }) => kind === 'accepted').map((signal) => (signal as { mode: string }).mode)).toEqual([
      'turn',
      'steered',
      'queued',
    ])
  })

  test('remembers what was accepted in a file that was left, and nothing else of it', () => {
    for (const line of [started('a'), said('a', message), usage('r'), ended('a')]) voice.earlierLine(line)
    expect(signals).toEqual([{ kind: 'accepted', id: ID, mode: 'turn' }])
    expect(voice.hasAccepted(ID)).toBe(true)
    expect(voice.turn).toBe(0)
  })

  test('says that the model answers again after it had failed', () => {
    hear(started('a'), ended('a', { message: 'm' }), started('b'), usage('r1'), usage('r2'), ended('b'))
    expect(signals.map(({ kind }) => kind)).toEqual(['turn', 'error', 'turn', 'turn', 'usage', 'recovered', 'usage', 'turn'])
  })

  test('says until when it is at a limit, by the windows of its account that are used up', () => {
    const window = (used_percent: number, resets_at: number | null) => ({ used_percent, window_minutes: 300, resets_at })
    const limits = (primary: unknown, secondary: unknown) => event({ type: 'token_count', rate_limits: { primary, secondary } })
    const limited = { message: 'm', codex_error_info: 'usage_limit_exceeded' }
    const until = (...lines: string[]) => {
      hear(...lines)
      return signals.findLast((signal) => signal.kind === 'error')?.until
    }
    expect(until(started('a'), ended('a', limited))).toBeNull()
    expect(until(limits(window(100, 50), window(80, 70)), started('b'), ended('b', limited))).toBe(50_000)
    expect(until(limits(window(100, 50), window(100, 70)), started('c'), ended('c', limited))).toBe(70_000)
    expect(until(started('d'), ended('d', { message: 'm' }))).toBeNull()
    expect(until(limits(window(100, null), null), started('e'), ended('e', limited))).toBeNull()
  })

  test('says what stays the same only once', () => {
    const limits = event({ type: 'token_count', rate_limits: { primary: { used_percent: 1, window_minutes: 300, resets_at: 5 } } })
    const none = event({ type: 'token_count', rate_limits: { primary: null, secondary: null } })
    hear(none, limits, limits, none)
    expect(signals.map((signal) => (signal.kind === 'limits' ? signal.windows.length : -1))).toEqual([1, 0])
  })
})
