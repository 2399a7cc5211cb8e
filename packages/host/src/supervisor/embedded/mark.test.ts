import { expect, test } from 'vitest'
import { homeOfMark, markOf } from './mark.ts'

test('a mark tells the home of its fleet, also when the home has a # in it', () => {
  expect(homeOfMark(markOf('/a', 'x1'))).toBe('/a')
  expect(homeOfMark(markOf('/a#b', 'x1'))).toBe('/a#b')
})

test('a session without mark belongs to no fleet', () => {
  expect(homeOfMark('')).toBeUndefined()
})
