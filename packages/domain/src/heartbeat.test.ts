import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  FUTURE_TOLERANCE_MS,
  formatHeartbeat,
  HEALTHS,
  HEARTBEAT_SOURCES,
  HEARTBEAT_STATUSES,
  type HealthFacts,
  type Heartbeat,
  judgeHealth,
  MAX_HEARTBEAT_BYTES,
  parseHeartbeat,
  STALE_AFTER_INTERVALS,
  START_GRACE_MS,
} from './heartbeat.ts'

const beats: fc.Arbitrary<Heartbeat> = fc.record(
  {
    tsMs: fc.integer({ min: 0, max: Date.UTC(9999, 0) }),
    pid: fc.integer({ min: 1, max: 4_194_304 }),
    status: fc.constantFrom(...HEARTBEAT_STATUSES),
    source: fc.constantFrom(...HEARTBEAT_SOURCES),
    model: fc.stringMatching(/^\S{1,60}$/),
    turn: fc.nat(1e9),
    contextUsed: fc.nat(1e9),
    intervalMs: fc.integer({ min: 1, max: 3_600_000 }),
  },
  { requiredKeys: ['tsMs', 'pid', 'status', 'source'] },
)

const good = 'ts=2026-01-02T03:04:05.678Z\npid=42\nstatus=ok\nsource=runtime\n'
const problemOf = (text: string): string => {
  const parsed = parseHeartbeat(text)
  return 'problem' in parsed ? parsed.problem : 'none'
}

describe('a heartbeat', () => {
  test('is read back as it was written', () => {
    fc.assert(
      fc.property(beats, (beat) => {
        expect(parseHeartbeat(formatHeartbeat(beat))).toEqual(beat)
      }),
    )
  })

  test('has lines that a model name cannot add to', () => {
    const text = formatHeartbeat({ tsMs: 0, pid: 1, status: 'ok', source: 'sidecar', model: 'x\nsource=runtime\r\nstatus=busy' })
    expect(parseHeartbeat(text)).toMatchObject({ source: 'sidecar', status: 'ok' })
  })

  test('may hold keys of later versions, in any order, with or without a last line break', () => {
    expect(parseHeartbeat(`later=1\n${good.trimEnd()}`)).toEqual({
      tsMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
      pid: 42,
      status: 'ok',
      source: 'runtime',
    })
  })

  test.each([
    ['', /ts=/],
    ['garbage', /ts=/],
    ['\u0000\u0001\u0002', /ts=/],
    [good.replace('2026-01-02T03:04:05.678Z', '1767323045'), /ts=/],
    [good.replace('2026-01-02T03:04:05.678Z', '2026-13-40T99:99:99Z'), /ts=/],
    [good.replace('pid=42', 'pid=-1'), /pid=/],
    [good.replace('pid=42', 'pid=0'), /pid=/],
    [good.replace('pid=42', 'pid=1e3'), /pid=/],
    [good.replace('pid=42', `pid=${'9'.repeat(16)}`), /pid=/],
    [good.replace('status=ok', 'status=OK'), /status=/],
    [good.replace('source=runtime', 'source=__proto__'), /source=/],
    [good.slice(0, 50), /status=|source=/],
    [`${good}${'x'.repeat(MAX_HEARTBEAT_BYTES)}`, /4 KiB/],
  ])('is not %j, and the reason is said', (text, reason) => {
    expect(problemOf(text)).toMatch(reason)
  })

  test('that is corrupt never throws, and never reads as more than the four facts allow', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 300 }),
          fc
            .tuple(fc.nat(good.length), fc.string({ unit: 'binary', maxLength: 5 }))
            .map(([at, junk]) => good.slice(0, at) + junk + good.slice(at + 1)),
        ),
        (text) => {
          const parsed = parseHeartbeat(text)
          if ('problem' in parsed) return
          expect(parsed.pid).toBeGreaterThan(0)
          expect(HEARTBEAT_STATUSES).toContain(parsed.status)
          expect(HEARTBEAT_SOURCES).toContain(parsed.source)
        },
      ),
    )
  })

  test('loses an optional value that makes no sense, not the beat', () => {
    expect(parseHeartbeat(`${good}turn=-1\ncontext_used=1.5\ninterval=0\nmodel=\n`)).toEqual(parseHeartbeat(good))
    expect(parseHeartbeat(`${good}interval=1e999\nturn=x\n`)).toEqual(parseHeartbeat(good))
  })
})

describe('the judgement of health', () => {
  const beat: Heartbeat = { tsMs: 0, pid: 42, status: 'ok', source: 'runtime' }
  const intervalMs = 1000
  const well: HealthFacts = {
    observerUp: true,
    wanted: true,
    failed: false,
    pane: 'alive',
    paneIsParentOf: (pid) => pid === 42,
    upForMs: 10_000,
    beat,
    beatProblem: undefined,
    beatAgeMs: 500,
    intervalMs,
    beatLeadMs: 0,
    unaccepted: false,
  }

  const late = intervalMs * STALE_AFTER_INTERVALS
  const unanswered = { beat: undefined, beatAgeMs: undefined }
  test.each<[string, Partial<HealthFacts>, string, RegExp]>([
    ['answers in time', {}, 'healthy', /^$/],
    ['answers at the last moment', { beatAgeMs: late }, 'healthy', /^$/],
    ['is late by a moment', { beatAgeMs: late + 1 }, 'stale', /no answer for 3 s/],
    ['has been silent for an hour', { beatAgeMs: 3_600_000 }, 'stale', /3600 s/],
    ['answers and is busy', { beat: { ...beat, status: 'busy' } }, 'healthy', /^$/],
    ['is answered for by a probe', { beat: { ...beat, source: 'probe' } }, 'healthy', /^$/],
    ['is only vouched for by a sidecar', { beat: { ...beat, source: 'sidecar' } }, 'unknown', /sidecar/],
    ['is stamped a little ahead', { beatLeadMs: FUTURE_TOLERANCE_MS }, 'healthy', /^$/],
    ['is stamped in the future', { beatLeadMs: FUTURE_TOLERANCE_MS + 1 }, 'unknown', /future/],
    ['is vouched for by a foreign process', { beat: { ...beat, pid: 43 } }, 'unknown', /process 43, which is not in the pane/],
    ['is not checked against its pane', { beat: { ...beat, pid: 43 }, paneIsParentOf: undefined as never }, 'healthy', /^$/],
    ['has a corrupt file', { beatProblem: 'not-a-file' }, 'unknown', /not-a-file/],
    ['has a corrupt file and an old answer', { beatProblem: 'too-large', beatAgeMs: 0 }, 'unknown', /too-large/],
    ['was just launched', { ...unanswered, upForMs: START_GRACE_MS - 1 }, 'starting', /^$/],
    ['has never answered', { ...unanswered, upForMs: START_GRACE_MS }, 'unknown', /never answered/],
    ['does not accept', { unaccepted: true }, 'wedged', /did not accept/],
    ['does not accept and does not answer', { unaccepted: true, beatAgeMs: late + 1 }, 'stale', /no answer/],
    ['has a dead pane', { pane: 'dead' }, 'dead', /process ended/],
    ['has no session', { pane: 'none' }, 'dead', /no session/],
    ['has no session and is not wanted', { pane: 'none', wanted: false }, 'stopped', /^$/],
    ['has a dead pane and is not wanted', { pane: 'dead', wanted: false }, 'stopped', /^$/],
    ['was given up', { failed: true }, 'dead', /restarted too often/],
    ['was given up with a pane', { failed: true, pane: 'none' }, 'dead', /restarted too often/],
    ['is not watched', { observerUp: false }, 'unknown', /observer down/],
    ['is not watched and silent', { observerUp: false, beatAgeMs: late + 1 }, 'unknown', /observer down/],
    ['is not watched and gone', { observerUp: false, pane: 'none' }, 'dead', /no session/],
  ])('of an agent that %s', (_, facts, health, reason) => {
    const verdict = judgeHealth({ ...well, ...facts })
    expect(verdict.health).toBe(health)
    expect(verdict.reason ?? '').toMatch(reason)
  })

  test('is "healthy" only with a living pane, an observer, a fresh true answer and nothing unaccepted', () => {
    const facts = fc.record<HealthFacts>({
      observerUp: fc.boolean(),
      wanted: fc.boolean(),
      failed: fc.boolean(),
      pane: fc.constantFrom('alive', 'dead', 'none'),
      paneIsParentOf: fc.constantFrom(
        () => true,
        () => false,
      ),
      upForMs: fc.nat(200_000),
      beat: fc.option(beats, { nil: undefined }),
      beatProblem: fc.option(fc.constant('corrupt'), { nil: undefined }),
      beatAgeMs: fc.option(fc.nat(10_000), { nil: undefined }),
      intervalMs: fc.integer({ min: 1, max: 5000 }),
      beatLeadMs: fc.integer({ min: -10_000, max: 10_000 }),
      unaccepted: fc.boolean(),
    })
    fc.assert(
      fc.property(facts, (given) => {
        const { health } = judgeHealth(given)
        expect(HEALTHS).toContain(health)
        if (health !== 'healthy') return
        expect(given).toMatchObject({ observerUp: true, failed: false, pane: 'alive', unaccepted: false, beatProblem: undefined })
        expect(given.beat?.source).not.toBe('sidecar')
        expect(given.beatAgeMs).toBeLessThanOrEqual(given.intervalMs * STALE_AFTER_INTERVALS)
        expect(given.beatLeadMs).toBeLessThanOrEqual(FUTURE_TOLERANCE_MS)
        expect(given.paneIsParentOf?.(given.beat?.pid ?? 0)).toBe(true)
      }),
    )
  })
})
