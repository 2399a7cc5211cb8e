import { FakeClock } from '@mosaic/testkit/fake-clock'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StallClock } from './stall-clock.ts'

describe('the time that the observer was looking', () => {
  it('is all of it while it runs', () => {
    const clock = new FakeClock()
    using looking = new StallClock(clock)
    const startMs = looking.lookingMs()
    for (let step = 0; step < 100; step += 1) clock.advance(137)
    expect(looking.lookingMs() - startMs).toBe(13_700)
    expect(looking.note()).toBeNull()
  })

  it('leaves out a stall, whoever notices it first', () => {
    for (const first of ['timer', 'reader'] as const) {
      const clock = new FakeClock()
      using looking = new StallClock(clock)
      const startMs = looking.lookingMs()
      clock.stall(60_000)
      if (first === 'timer') clock.advance(0)
      // One tick's worth may have been looked at before the stall began.
      expect(looking.lookingMs() - startMs).toBeLessThanOrEqual(500)
      expect(looking.note()).toBe('the observer itself was stopped for 60.0 s; ages leave that out')
    }
  })

  it('adds up stalls, and stops to mention the last one after a minute', () => {
    const clock = new FakeClock()
    using looking = new StallClock(clock)
    const startMs = looking.lookingMs()
    for (let stall = 0; stall < 5; stall += 1) {
      clock.stall(10_000)
      clock.advance(1_000)
    }
    expect(looking.lookingMs() - startMs).toBeLessThanOrEqual(5 * 1_500)
    expect(looking.note()).toContain('10.')
    clock.advance(61_000)
    expect(looking.note()).toBeNull()
  })

  it('is not moved by a step of the wall clock', () => {
    const clock = new FakeClock()
    using looking = new StallClock(clock)
    const startMs = looking.lookingMs()
    clock.stepWall(3_600_000)
    clock.advance(700)
    clock.stepWall(-7_200_000)
    expect(looking.lookingMs() - startMs).toBe(700)
    expect(looking.note()).toBeNull()
  })

  it('never runs backwards and never faster than the clock, whatever happens', () => {
    const step = fc.tuple(fc.constantFrom('advance', 'stall', 'read'), fc.integer({ min: 0, max: 5_000 }))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const clock = new FakeClock()
        using looking = new StallClock(clock)
        let before = { looked: looking.lookingMs(), at: clock.monotonicMs() }
        for (const [what, ms] of steps) {
          if (what === 'stall') clock.stall(ms)
          else if (what === 'advance') clock.advance(ms)
          if (what !== 'read') continue
          const now = { looked: looking.lookingMs(), at: clock.monotonicMs() }
          expect(now.looked).toBeGreaterThanOrEqual(before.looked)
          expect(now.looked - before.looked).toBeLessThanOrEqual(now.at - before.at)
          before = now
        }
      }),
      { seed: 20260102, numRuns: 300 },
    )
  })

  it('arms nothing any more once it is disposed', () => {
    const clock = new FakeClock()
    new StallClock(clock)[Symbol.dispose]()
    expect(clock.pending).toBe(0)
  })
})
