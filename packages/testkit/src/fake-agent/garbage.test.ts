import { expect, test } from 'vitest'
import { garbageFrom, randomFrom } from './garbage.ts'

test('the same seed gives the same garbage, another seed other garbage', () => {
  const of = (seed: number) => garbageFrom(randomFrom(seed), 10_000, true).toString('base64')
  expect(of(1)).toBe(of(1))
  expect(of(1)).not.toBe(of(2))
})

test('it holds titles, clipboard writes, queries and invalid UTF-8, and never switches bracketed paste or resets the terminal', () => {
  const bytes = garbageFrom(randomFrom(3), 200_000, true)
  const text = bytes.toString('latin1')
  for (const part of ['\u001b]2;', '\u001b]52;c;', '\u001b[6n', '\u00ff\u00c0\u0080']) expect(text).toContain(part)
  expect(text).not.toContain('2004')
  expect(text).not.toContain('\u001bc')
  expect(garbageFrom(randomFrom(3), 200_000, false).toString('latin1')).not.toContain('\u001b[6n')
})

test('it keeps to its size, but for the last piece', () => {
  const { length } = garbageFrom(randomFrom(4), 10_000, true)
  expect(length).toBeGreaterThanOrEqual(10_000)
  expect(length).toBeLessThan(11_000)
})
