import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TextPositions } from './text-position.ts'

test('a position is the count of line breaks before it and of characters since the last', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', '\n', '\r\n', '😀'), { maxLength: 40 }), fc.nat(100), (parts, pick) => {
      const text = parts.join('')
      const offset = pick % (text.length + 1)
      const before = text.slice(0, offset).split('\n')
      // Inside a pair: the character's own position is its end's.
      fc.pre(!/[\ud800-\udbff]$/.test(before.at(-1) ?? ''))
      expect(new TextPositions(text).at(offset)).toEqual({ line: before.length, column: [...(before.at(-1) ?? '')].length + 1 })
    }),
  )
})

test('an offset outside of the text is at its nearer end', () => {
  const positions = new TextPositions('ab\nc')
  expect(positions.at(-5)).toEqual({ line: 1, column: 1 })
  expect(positions.at(99)).toEqual({ line: 2, column: 2 })
})
