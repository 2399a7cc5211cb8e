import { describe, expect, it } from 'vitest'
import { interleaved, median, p95, percentile } from './measure.ts'

describe('samples', () => {
  it('are told by their middle and their edge, in any order', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    expect(p95(Array.from({ length: 101 }, (_, index) => 100 - index))).toBe(95)
    expect(percentile([7], 0.95)).toBe(7)
    expect(median([])).toBeNaN()
  })
})

describe('sides of a comparison', () => {
  it('take turns, each round beginning with another, and the first round does not count', async () => {
    const order: string[] = []
    const side = (name: string) => async () => order.push(name)
    const samples = await interleaved({ a: side('a'), b: side('b') }, 3)
    expect(order.join('')).toBe('abbaabba')
    expect(samples).toEqual({ a: [4, 5, 8], b: [3, 6, 7] })
  })
})
