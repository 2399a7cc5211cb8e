import { describe, expect, it } from 'vitest'
import { systemClock } from './system-clock.ts'

describe('the clock of the machine', () => {
  it('tells the time of the wall clock', () => {
    const before = Date.now()
    const now = systemClock.wallMs()
    const after = Date.now()
    // Two clocks of different grain are compared.
    expect(now).toBeGreaterThanOrEqual(before - 2)
    expect(now).toBeLessThanOrEqual(after + 2)
  })

  it('never goes back on its monotonic side', () => {
    const seen = Array.from({ length: 100 }, () => systemClock.monotonicMs())
    expect([...seen].sort((a, b) => a - b)).toEqual(seen)
  })

  it('calls back once, and not after it was cancelled', async () => {
    const called: string[] = []
    const cancel = systemClock.after(0, () => called.push('cancelled'))
    cancel()
    await new Promise<void>((resolve) => {
      systemClock.after(1, () => called.push('once'))
      systemClock.after(20, resolve)
    })
    expect(called).toEqual(['once'])
  })

  it('does not take a very long delay for none', async () => {
    let early = false
    const cancel = systemClock.after(2 ** 40, () => {
      early = true
    })
    await new Promise<void>((resolve) => {
      systemClock.after(30, resolve)
    })
    cancel()
    expect(early).toBe(false)
  })
})
