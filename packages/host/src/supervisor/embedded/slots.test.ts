import { describe, expect, it } from 'vitest'
import { Slots } from './slots.ts'

describe('slots', () => {
  it('lets no more acts go on at once than there are, in the order of the calls', async () => {
    const slots = new Slots(2)
    const begun: number[] = []
    const ends = Array.from({ length: 4 }, () => Promise.withResolvers<void>())
    const all = ends.map(({ promise }, index) =>
      slots.use(async () => {
        begun.push(index)
        await promise
        return index
      }),
    )
    await Promise.resolve()
    expect(begun).toEqual([0, 1])
    ends[1]?.resolve()
    expect(await all[1]).toBe(1)
    expect(begun).toEqual([0, 1, 2])
    for (const { resolve } of ends) resolve()
    expect(await Promise.all(all)).toEqual([0, 1, 2, 3])
  })

  it('gives the slot of an act that fails to the next', async () => {
    const slots = new Slots(1)
    const failing = slots.use(() => Promise.reject(new Error('no')))
    const next = slots.use(async () => 'done')
    await expect(failing).rejects.toThrow('no')
    expect(await next).toBe('done')
    expect(await slots.use(async () => 'free again')).toBe('free again')
  })
})
