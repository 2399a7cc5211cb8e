import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Cell, parseScreen } from './cells.ts'
import { charWidth } from './char-width.ts'
import { drawRow, Painter, type Picture } from './painter.ts'
import { Pen, PLAIN } from './pen.ts'
import { keysOf } from './viewer-terminal.ts'
import { followed, panned } from './viewport.ts'

const penAfter = (...sequences: string[]) => {
  const pen = new Pen()
  for (const sequence of sequences) pen.apply(sequence)
  return pen.sgr
}
const textOf = (row: readonly Cell[] | undefined) => (row ?? []).map(({ text }) => text).join('')
const rowOf = (line: string) => parseScreen([line])[0] ?? []

describe('the pen', () => {
  test('sums up what was set, taken back and reset', () => {
    expect(penAfter('1', '31')).toBe('\u001b[0;1;31m')
    expect(penAfter('1;3;4', '22', '23')).toBe('\u001b[0;4m')
    expect(penAfter('31;42', '39')).toBe('\u001b[0;42m')
    expect(penAfter('1;31', '')).toBe(PLAIN)
    expect(penAfter('97;107')).toBe('\u001b[0;97;107m')
  })

  test('knows 256 and 24-bit colours in both spellings', () => {
    expect(penAfter('38;5;208')).toBe('\u001b[0;38;5;208m')
    expect(penAfter('48;2;1;2;3;1')).toBe('\u001b[0;1;48;2;1;2;3m')
    expect(penAfter('38:2::1:2:3')).toBe('\u001b[0;38;2;1;2;3m')
    expect(penAfter('4:3')).toBe('\u001b[0;4m')
    expect(penAfter('58;5;1;7')).toBe('\u001b[0;7m')
  })

  test('drops what is no colour', () => {
    expect(penAfter('38;5;999')).toBe(PLAIN)
    expect(penAfter('38;9;1')).toBe(PLAIN)
    expect(penAfter('200')).toBe(PLAIN)
  })
})

describe('a captured screen', () => {
  test('keeps text and colour, also from one line to the next', () => {
    const [first, second] = parseScreen(['a\u001b[31mb', 'c\u001b[0md'])
    expect(first).toEqual([
      { text: 'a', width: 1, style: PLAIN },
      { text: 'b', width: 1, style: '\u001b[0;31m' },
    ])
    expect(second?.map(({ style }) => style)).toEqual(['\u001b[0;31m', PLAIN])
  })

  test('turns the line drawing set into characters', () => {
    expect(textOf(rowOf('\u000elqqk\u000fq'))).toBe('┌──┐q')
  })

  test('loses every sequence but colours', () => {
    expect(
      textOf(rowOf('a\u001b[2Jb\u001b]0;title\u0007c\u001b]8;;http://x\u001b\\d\u001bPq\u001b\\e\u001bcf\u001b(0g\u009b2Jh\u0008\u0007')),
    ).toBe('abcdefg2Jh')
  })

  test('measures wide and combining characters', () => {
    expect(rowOf('漢e\u0301😀x').map(({ text, width }) => [text, width])).toEqual([
      ['漢', 2],
      ['e\u0301', 1],
      ['😀', 2],
      ['x', 1],
    ])
    expect(textOf(rowOf('a\u202eb\u200bc'))).toBe('abc')
    expect([charWidth('a'), charWidth('ü'), charWidth('─'), charWidth('🇩'), charWidth('⚠'), charWidth('✅')]).toEqual([1, 1, 1, 1, 1, 2])
  })

  test('draws nothing but text, colours, column positions and erasures, whatever was captured', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '\u001b[31m',
        '\u001b[2J',
        '\u001b]52;c;eA==\u0007',
        '\u001bP$q"p\u001b\\',
        '\u000e',
        '\u000f',
        '\u001b',
        '\u009b',
        '漢',
        '\u0301',
      ),
    )
    fc.assert(
      fc.property(fc.array(piece), fc.nat(40), fc.integer({ min: 1, max: 60 }), (pieces, x, columns) => {
        const drawn = drawRow(rowOf(pieces.join('').replaceAll('\n', '')), x, columns)
        const rest = drawn.replace(/\u001b\[[0-9;]*m|\u001b\[\d+G|\u001b\[K/g, '')
        expect(rest).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
        const width = [...rest].reduce((sum, char) => sum + charWidth(char), 0)
        expect(width).toBeLessThanOrEqual(columns)
      }),
    )
  })
})

describe('a line of the terminal', () => {
  test('is cut on both sides, and half of a wide character is a blank', () => {
    const row = rowOf('ab漢字cd')
    expect(drawRow(row, 0, 20)).toBe(`${PLAIN}ab漢\u001b[5G字\u001b[7Gcd${PLAIN}\u001b[K`)
    expect(drawRow(row, 3, 3)).toBe(`${PLAIN} 字${PLAIN}`)
    expect(drawRow(row, 2, 3)).toBe(`${PLAIN}漢\u001b[3G ${PLAIN}`)
    expect(drawRow(row, 9, 3)).toBe(`${PLAIN}\u001b[K`)
  })
})

describe('the picture', () => {
  const picture = (lines: string[], more: Partial<Picture> = {}): Picture => ({
    rows: parseScreen(lines),
    view: { x: 0, y: 0, following: true },
    cursor: { x: 1, y: 0 },
    status: 'status',
    ...more,
  })

  test('is drawn once, then only where it changed', () => {
    const painter = new Painter()
    const size = { columns: 10, rows: 4 }
    expect(painter.paint(picture(['one', 'two', 'three']), size)).toContain('three')
    const second = painter.paint(picture(['one', 'TWO', 'three']), size)
    expect(second).toContain(`\u001b[2;1H${PLAIN}TWO`)
    expect(second).not.toContain('three')
    expect(second).not.toContain('status')
    expect(painter.paint(picture(['one', 'TWO', 'three']), { columns: 12, rows: 4 })).toContain('three')
  })

  test('shows the cursor only where it is in view', () => {
    const size = { columns: 10, rows: 3 }
    expect(new Painter().paint(picture(['x']), size)).toMatch(/\u001b\[1;2H\u001b\[\?25h$/)
    expect(new Painter().paint(picture(['x'], { cursor: { x: 1, y: 2 } }), size)).not.toContain('?25h')
    expect(new Painter().paint(picture(['x'], { cursor: undefined }), size)).not.toContain('?25h')
  })

  test('fits a terminal of one line', () => {
    expect(new Painter().paint(picture(['x']), { columns: 3, rows: 1 })).toContain('sta')
  })
})

describe('the view', () => {
  const screen = { width: 200, height: 50 }
  const terminal = { columns: 80, rows: 23 }

  test('follows the cursor by the shortest way and never leaves the screen', () => {
    const start = { x: 0, y: 0, following: true }
    expect(followed(start, screen, { x: 199, y: 49 }, terminal)).toMatchObject({ x: 120, y: 27 })
    expect(followed({ x: 120, y: 27, following: true }, screen, { x: 130, y: 30 }, terminal)).toMatchObject({ x: 120, y: 27 })
    expect(followed({ x: 120, y: 27, following: true }, screen, { x: 10, y: 0 }, terminal)).toMatchObject({ x: 10, y: 0 })
    expect(followed(start, screen, { x: 0, y: 0 }, { columns: 300, rows: 90 })).toMatchObject({ x: 0, y: 0 })
  })

  test('stays where it was moved to, within a screen that shrinks', () => {
    const moved = panned({ x: 0, y: 0, following: true }, { x: 500, y: 3 }, screen, terminal)
    expect(moved).toEqual({ x: 120, y: 3, following: false })
    expect(followed(moved, screen, { x: 0, y: 0 }, terminal)).toEqual(moved)
    expect(followed(moved, { width: 90, height: 20 }, { x: 0, y: 0 }, terminal)).toMatchObject({ x: 10, y: 0 })
  })
})

test('keys that mean nothing here are dropped, also those in escape sequences', () => {
  expect(keysOf('q')).toEqual(['quit'])
  expect(keysOf('\u0003')).toEqual(['interrupt'])
  expect(keysOf('\u001b[A\u001bOB\u001b[1;5C\u001b[D')).toEqual(['up', 'down', 'right', 'left'])
  expect(keysOf('hello\r\u001b[200~\u001b[15~f')).toEqual(['follow'])
})
