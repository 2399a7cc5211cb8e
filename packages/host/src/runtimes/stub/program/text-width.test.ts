import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clip, textWidth, wrap } from './text-width.ts'

describe('the width of text on a terminal', () => {
  test.each([
    ['plain', 5],
    ['漢字', 4],
    ['😀', 2],
    ['👩‍👩‍👧‍👦', 2],
    ['e\u0301', 1],
    ['ｆ', 2],
    ['', 0],
  ])('of %s is %i', (text, cells) => {
    expect(textWidth(text)).toBe(cells)
  })

  test('decides where a line is cut, and nothing is lost or cut in two', () => {
    expect(wrap('abcdef', 4)).toEqual(['abcd', 'ef'])
    expect(wrap('a漢字b', 3)).toEqual(['a漢', '字b'])
    expect(wrap('', 4)).toEqual([''])
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 2, max: 20 }), (text, width) => {
        const rows = wrap(text, width)
        expect(rows.join('')).toBe(text)
        for (const row of rows) expect(textWidth(row)).toBeLessThanOrEqual(width)
      }),
    )
  })

  test('clips to what fits', () => {
    expect(clip('漢字', 3)).toBe('漢')
    expect(clip('ab', 5)).toBe('ab')
  })
})
