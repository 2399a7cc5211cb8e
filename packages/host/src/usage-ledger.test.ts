import { statSync } from 'node:fs'
import { SignalSchema } from '@mosaic/domain/signal'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, it } from 'vitest'
import { resolvePaths } from './paths.ts'
import { UsageLedger, type UsageSignal } from './usage-ledger.ts'

const NOON = Date.UTC(2026, 0, 2, 12)

const signal = (key: string, usage: Partial<UsageSignal['usage']> = {}, at = NOON): UsageSignal => ({
  v: 1,
  at,
  pid: 1,
  kind: 'usage',
  key,
  usage: { input: 1, output: 2, cache_read: 3, cache_write: 4, reasoning: 5, cost_usd: 0.5, model: 'm', ...usage },
})

describe('the usage ledger', () => {
  it('counts each call once by its key, over restarts, per agent', async () => {
    await using home = await tempHome()
    const paths = resolvePaths({ env: home.env })
    for (let round = 0; round < 2; round += 1) {
      using ledger = new UsageLedger(paths)
      for (let again = 0; again < 3; again += 1) for (const key of ['a', 'b']) ledger.add('coder0', signal(key))
      ledger.add('coder1', signal('a'))
      expect(ledger.since('coder0', 0)).toEqual({ tokens: 20, costUsd: 1 })
      expect(ledger.since('coder1', 0)).toEqual({ tokens: 10, costUsd: 0.5 })
    }
    expect(statSync(paths.state).mode & 0o777).toBe(0o700)
  })

  it('takes the larger figures of a call that is told again, and never smaller ones', async () => {
    await using home = await tempHome()
    const paths = resolvePaths({ env: home.env })
    using ledger = new UsageLedger(paths)
    const told = [
      { output: 1, cost_usd: null },
      { output: 700, cost_usd: 0.25 },
      { output: 1, cost_usd: null },
    ]
    const sums = told.map((usage) => {
      ledger.add('coder0', signal('a', usage))
      return ledger.since('coder0', 0)
    })
    expect(sums).toEqual([
      { tokens: 9, costUsd: null },
      { tokens: 708, costUsd: 0.25 },
      { tokens: 708, costUsd: 0.25 },
    ])
  })

  it('sums from a time on, and says nothing where nothing was counted', async () => {
    await using home = await tempHome()
    using ledger = new UsageLedger(resolvePaths({ env: home.env }))
    ledger.add('coder0', signal('yesterday', {}, NOON - 86_400_000))
    ledger.add('coder0', signal('today', { cost_usd: null }))
    expect(ledger.since('coder0', NOON)).toEqual({ tokens: 10, costUsd: null })
    expect(ledger.since('coder0', NOON - 86_400_000)).toEqual({ tokens: 20, costUsd: 0.5 })
    expect(ledger.since('coder0', NOON + 1)).toBeUndefined()
    expect(ledger.since('coder9', 0)).toBeUndefined()
  })

  it('survives whatever numbers a runtime may write', async () => {
    await using home = await tempHome()
    using ledger = new UsageLedger(resolvePaths({ env: home.env }))
    const wild = [1e300, -1e300, Number.MAX_VALUE, Number.MAX_SAFE_INTEGER, 2 ** 62, 2 ** 63, 1.5, -0, 5e-324]
    for (const [index, number] of wild.entries()) {
      const usage = { input: number, output: number, cache_read: number, cache_write: number, reasoning: number, cost_usd: number }
      const heard = signal(`k${index}`, usage, number)
      expect(SignalSchema.safeParse(signal('k', usage)).success).toBe(true)
      expect(() => ledger.add('coder0', heard)).not.toThrow()
    }
    for (let index = 0; index < 20; index += 1) ledger.add('coder0', signal(`big${index}`, { input: 2 ** 62, output: 2 ** 62 }))
    expect(ledger.since('coder0', 0)?.tokens).toBeGreaterThan(0)
  })

  it('can be disposed twice', async () => {
    await using home = await tempHome()
    const ledger = new UsageLedger(resolvePaths({ env: home.env }))
    ledger[Symbol.dispose]()
    expect(() => ledger[Symbol.dispose]()).not.toThrow()
  })
})
