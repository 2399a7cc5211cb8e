import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { closest, editDistance } from './closest.ts'

describe('the distance of two words', () => {
  test.each([
    ['', '', 0],
    ['abc', 'abc', 0],
    ['abc', 'abd', 1],
    ['abc', 'ab', 1],
    ['abc', 'abcd', 1],
    ['abcd', 'acbd', 1],
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
  ])('%j and %j is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance)
  })

  test('is the same both ways and at most the longer length', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a))
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length))
      }),
    )
  })
})

describe('the word that is meant', () => {
  const known = ['name', 'runtime', 'model_hint', 'working_directory', 'reset_between_tasks', 'yolo']

  test.each([
    ['nmae', 'name'],
    ['runtme', 'runtime'],
    ['RUNTIME', 'runtime'],
    ['modelhint', 'model_hint'],
    ['model', 'model_hint'],
    ['working_dir', 'working_directory'],
    ['wor', undefined],
    ['working', 'working_directory'],
    ['workingdirectory', 'working_directory'],
    ['reset_between_task', 'reset_between_tasks'],
    ['xyzzy', undefined],
    ['', undefined],
    ['a'.repeat(10_000), undefined],
  ])('by %s is %s', (word, meant) => {
    expect(closest(word, known)).toBe(meant)
  })
})
