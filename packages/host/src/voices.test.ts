import type { SignalBody } from '@mosaic/domain/signal'
import { FakeClock } from '@mosaic/testkit/fake-clock'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, it } from 'vitest'
import { resolvePaths } from './paths.ts'
import { UsageLedger } from './usage-ledger.ts'
import { Voices } from './voices.ts'

async function world() {
  const home = await tempHome()
  const clock = new FakeClock(Date.UTC(2026, 0, 2, 12))
  const ledger = new UsageLedger(resolvePaths({ env: home.env }))
  const voices = new Voices(clock, ledger)
  return {
    clock,
    voices,
    hear: (name: string, body: SignalBody) => voices.hear(name, { v: 1, at: clock.wallMs(), pid: 1, ...body }),
    async [Symbol.asyncDispose]() {
      ledger[Symbol.dispose]()
      await home[Symbol.asyncDispose]()
    },
  }
}

const USAGE = { input: 1, output: 2, cache_read: 3, cache_write: 4, reasoning: 0, cost_usd: 0.5, model: 'm1' }

describe('what runtimes say of themselves', () => {
  it('is nothing before they spoke', async () => {
    await using it = await world()
    expect(it.voices.heard('coder0')).toBeUndefined()
    expect(it.voices.isReady('coder0')).toBe(false)
  })

  it('is ready from its own word on, until it says that it stops or starts anew', async () => {
    await using it = await world()
    for (const end of [{ kind: 'stopped' }, { kind: 'started', session: null }] as const) {
      it.hear('coder0', { kind: 'ready' })
      it.hear('coder0', { kind: 'activity', activity: 'waiting', detail: 'a question' })
      expect(it.voices.isReady('coder0')).toBe(true)
      it.hear('coder0', end)
      expect(it.voices.isReady('coder0')).toBe(false)
      expect(it.voices.heard('coder0')).toMatchObject({ activity: null, detail: null })
    }
  })

  it('keeps agents apart and forgets one at a time', async () => {
    await using it = await world()
    for (const name of ['coder0', 'coder1']) it.hear(name, { kind: 'ready' })
    it.voices.forget('coder0')
    expect([it.voices.isReady('coder0'), it.voices.isReady('coder1')]).toEqual([false, true])
  })

  it('measures an activity from its change, not from its repetition, and a turn as progress', async () => {
    await using it = await world()
    it.hear('coder0', { kind: 'activity', activity: 'busy', detail: null })
    it.clock.advance(5_000)
    it.clock.stepWall(86_400_000)
    it.hear('coder0', { kind: 'activity', activity: 'busy', detail: 'still' })
    expect(it.voices.heard('coder0')).toMatchObject({ activity: 'busy', detail: 'still', activityForMs: 5_000 })
    it.hear('coder0', { kind: 'turn', phase: 'ended', turn: 3 })
    expect(it.voices.heard('coder0')?.activityForMs).toBe(0)
    it.clock.advance(10)
    it.hear('coder0', { kind: 'activity', activity: 'idle', detail: null })
    expect(it.voices.heard('coder0')).toMatchObject({ activity: 'idle', activityForMs: 0 })
  })

  it('counts usage once, keeps the model and the context, and starts the day at zero', async () => {
    await using it = await world()
    it.hear('coder0', { kind: 'context', used: 1_000, limit: 200_000 })
    for (let again = 0; again < 2; again += 1) it.hear('coder0', { kind: 'usage', key: 'call-1', usage: USAGE })
    it.hear('coder0', { kind: 'usage', key: 'call-2', usage: { ...USAGE, model: null } })
    expect(it.voices.heard('coder0')).toMatchObject({ contextUsed: 1_000, model: 'm1', tokensToday: 20, spendTodayUsd: 1 })
    it.clock.advance(24 * 3_600_000)
    expect(it.voices.heard('coder0')).toMatchObject({ tokensToday: null, spendTodayUsd: null })
  })

  it('keeps an error until a call went well, what the account has left, and the model in use', async () => {
    await using it = await world()
    const window = { name: 'five_hour', used_percent: 97, minutes: 300, resets_at: 1_000 }
    it.hear('coder0', { kind: 'model', model: 'm2' })
    it.hear('coder0', { kind: 'limits', windows: [window] })
    it.hear('coder0', { kind: 'error', reason: 'rate-limited', detail: '429', until: 1_000 })
    it.hear('coder0', { kind: 'activity', activity: 'busy', detail: null })
    expect(it.voices.heard('coder0')).toMatchObject({
      model: 'm2',
      limits: [window],
      error: { reason: 'rate-limited', detail: '429', untilMs: 1_000 },
    })
    it.hear('coder0', { kind: 'recovered' })
    it.hear('coder0', { kind: 'limits', windows: [] })
    expect(it.voices.heard('coder0')).toMatchObject({ error: null, limits: [] })
  })

  it('is compacting from its start to its end, and keeps the size of its context', async () => {
    await using it = await world()
    it.hear('coder0', { kind: 'context', used: 150_000, limit: 200_000 })
    it.hear('coder0', { kind: 'compaction', phase: 'started' })
    it.hear('coder0', { kind: 'context', used: 20_000, limit: null })
    expect(it.voices.heard('coder0')).toMatchObject({ compacting: true, contextUsed: 20_000, contextLimit: 200_000 })
    it.hear('coder0', { kind: 'compaction', phase: 'ended' })
    expect(it.voices.heard('coder0')).toMatchObject({ compacting: false })
  })

  it('shows what was spent today by an agent that is silent now', async () => {
    await using it = await world()
    it.hear('coder0', { kind: 'usage', key: 'call-1', usage: USAGE })
    it.voices.forget('coder0')
    expect(it.voices.heard('coder0')).toMatchObject({ activity: null, activityForMs: 0, tokensToday: 10 })
  })
})
