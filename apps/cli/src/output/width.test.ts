import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pad, textWidth, truncate, wrap } from './width.ts'

test.each([
  ['coder0', 6],
  ['', 0],
  ['漢字', 4],
  ['Grün', 4],
  ['e\u0301', 1],
  ['🤖', 2],
  ['한글', 4],
])('%j takes %i columns', (text, width) => {
  expect(textWidth(text)).toBe(width)
})

test('a text that fits is not cut', () => {
  expect(truncate('coder0', 6)).toBe('coder0')
})

test('a text that is cut ends in an ellipsis and still fits', () => {
  expect(truncate('orchestrator', 6)).toBe('orche…')
  expect(truncate('漢字漢字', 5)).toBe('漢字…')
  expect(truncate('漢字漢字', 4)).toBe('漢…')
  expect(truncate('coder0', 0)).toBe('')
})

test('nothing that was cut is wider than asked for', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.integer({ min: 0, max: 30 }), (text, columns) => {
      expect(textWidth(truncate(text, columns))).toBeLessThanOrEqual(Math.max(columns, 0))
    }),
  )
})

test('padding fills by columns, not by characters', () => {
  expect(pad('漢', 4)).toBe('漢  ')
  expect(pad('7', 3, 'right')).toBe('  7')
})

test('wrapped lines fit and lose no word', () => {
  const text = 'the quick brown fox jumps over a-word-that-is-longer-than-any-line and rests'
  const lines = wrap(text, 12)
  for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(12)
  expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
})
