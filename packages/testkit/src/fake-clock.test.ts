import { describe, expect, it } from 'vitest'
import { FakeClock, turn } from './fake-clock.ts'

describe('the fake clock', () => {
  it('moves only when told to, both clocks alike', () => {
    const clock = new FakeClock(5_000)
    const startMs = clock.monotonicMs()
    expect([clock.wallMs(), clock.monotonicMs()]).toEqual([5_000, startMs])
    clock.advance(250)
    expect([clock.wallMs(), clock.monotonicMs()]).toEqual([5_250, startMs + 250])
    clock.stepWall(-5_000)
    expect([clock.wallMs(), clock.monotonicMs()]).toEqual([250, startMs + 250])
  })

  it('fires in order of time, then of arming, with the time that each was due at', () => {
    const clock = new FakeClock(0)
    const fired: string[] = []
    const say = (name: string) => () => fired.push(`${name}@${clock.wallMs()}`)
    clock.after(20, say('late'))
    clock.after(10, say('first'))
    clock.after(10, () => {
      say('second')()
      clock.after(5, say('nested'))
    })
    clock.advance(100)
    expect(fired).toEqual(['first@10', 'second@10', 'nested@15', 'late@20'])
    expect(clock.wallMs()).toBe(100)
  })

  it('does not fire what was cancelled, nor anything early', () => {
    const clock = new FakeClock()
    const fired: string[] = []
    const cancel = clock.after(10, () => fired.push('cancelled'))
    clock.after(11, () => fired.push('early'))
    cancel()
    clock.advance(10)
    expect(fired).toEqual([])
    expect(clock.pending).toBe(1)
  })

  it('fires late after a stall', () => {
    const clock = new FakeClock(0)
    const fired: number[] = []
    clock.after(10, () => fired.push(clock.wallMs()))
    clock.stall(1_000)
    expect(fired).toEqual([])
    clock.advance(0)
    expect(fired).toEqual([1_000])
  })

  it('lets asynchronous work go on between timers', async () => {
    const clock = new FakeClock(0)
    const said: string[] = []
    clock.after(10, async () => {
      await turn()
      said.push('work of the first')
    })
    clock.after(20, () => said.push('second'))
    await clock.elapse(30)
    expect(said).toEqual(['work of the first', 'second'])
  })
})
