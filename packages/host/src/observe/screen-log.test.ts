import { describe, expect, test } from 'vitest'
import { insertedLines } from './line-diff.ts'
import type { ScreenReading } from './screen-feed.ts'
import { GAP, ScreenLog } from './screen-log.ts'

const HEIGHT = 5

/** A reading of a terminal with `HEIGHT` rows on which `lines` were printed, `historyLines` of the scroll-back with it. */
function reading(lines: readonly string[], options: { historyLines?: number; alternate?: boolean; kept?: number } = {}): ScreenReading {
  const { historyLines = 1_000, alternate = false, kept = Number.POSITIVE_INFINITY } = options
  const above = alternate || kept === 0 ? [] : lines.slice(0, -HEIGHT).slice(-kept)
  const screen = lines.slice(-HEIGHT)
  const rows = [...screen, ...Array.from({ length: HEIGHT - screen.length }, () => '')]
  return {
    state: {
      width: 80,
      height: HEIGHT,
      cursorX: 0,
      cursorY: screen.length - 1,
      cursorVisible: true,
      dead: false,
      exitStatus: null,
      exitSignal: null,
      alternate,
      historySize: above.length,
    },
    lines: [...above.slice(Math.max(0, above.length - historyLines)), ...rows],
  }
}

function logOf(first: readonly string[]): ScreenLog {
  const log = new ScreenLog()
  log.skip(reading(first))
  return log
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}`)

describe('what was printed since the last reading', () => {
  test('is nothing when nothing was', () => {
    expect(logOf(numbers(1, 9)).update(reading(numbers(1, 9)), true)).toEqual([])
  })

  test('is each new line once, within the screen and beyond it', () => {
    const log = logOf(numbers(1, 2))
    expect(log.update(reading(numbers(1, 4)), true)).toEqual(numbers(3, 4))
    expect(log.update(reading(numbers(1, 400)), true)).toEqual(numbers(5, 400))
    expect(log.update(reading(numbers(1, 401), { historyLines: 1 }), true)).toEqual(numbers(401, 401))
  })

  test('has the empty lines that stand between others', () => {
    expect(logOf(['a']).update(reading(['a', 'b', '', 'c']), true)).toEqual(['b', '', 'c'])
  })

  test('has equal lines as often as they were printed', () => {
    expect(logOf(['x', 'x']).update(reading(['x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x']), true)).toEqual(
      Array.from({ length: 7 }, () => 'x'),
    )
  })

  test('has the line at the cursor only when the program has paused', () => {
    const log = logOf(['a'])
    expect(log.update(reading(['a', 'b', 'hal']), false)).toEqual(['b'])
    expect(log.update(reading(['a', 'b', 'half', 'c']), false)).toEqual(['half'])
    expect(log.update(reading(['a', 'b', 'half', 'c']), true)).toEqual(['c'])
  })

  test('does not repeat what a program that draws in place moved down', () => {
    const log = logOf(['a', '╭──╮', '│> │', '╰──╯'])
    expect(log.update(reading(['a', 'b', 'c', '╭──╮', '│> │', '╰──╯']), true)).toEqual(['b', 'c'])
  })

  test('is found again after the scroll-back was cut or cleared', () => {
    const log = logOf(numbers(1, 3_000))
    expect(log.historyNeeded(reading(numbers(1, 3_010), { kept: 2_000 }).state)).toBe(2_000)
    expect(log.update(reading(numbers(1, 3_010), { kept: 2_000, historyLines: 5_000 }), true)).toEqual(numbers(3_001, 3_010))
    expect(log.update(reading(numbers(1, 3_012), { kept: 0 }), true)).toEqual(numbers(3_011, 3_012))
  })

  test('is marked where more went by than was kept', () => {
    const log = logOf(numbers(1, 3_000))
    expect(log.update(reading(numbers(7_000, 9_000), { kept: 100 }), true)).toEqual([GAP, ...numbers(8_996, 9_000)])
    // The scroll-back was cut, and has grown again beyond what it was.
    expect(log.update(reading(numbers(20_000, 20_200)), true)).toEqual([GAP, ...numbers(20_100, 20_200)])
  })

  test('is, of a full-screen program, the lines that changed', () => {
    const log = logOf(['$ vim'])
    const full = { alternate: true }
    expect(log.update(reading(['one', 'two', 'three', '', 'status'], full), true)).toEqual(['one', 'two', 'three', '', 'status'])
    expect(log.update(reading(['two', 'three', 'four', '', 'status'], full), true)).toEqual(['four'])
    expect(log.update(reading(['two', 'THREE', 'four', '', 'status'], full), true)).toEqual(['THREE'])
    expect(log.update(reading(['$ vim', '$ ls']), true)).toEqual(['$ ls'])
  })
})

test('insertions are what is not common', () => {
  expect(insertedLines([], ['a'])).toEqual({ inserted: ['a'], firstCommon: undefined })
  expect(insertedLines(['a', 'b', 'c'], ['x', 'a', 'y', 'c', 'z'])).toEqual({ inserted: ['x', 'y', 'z'], firstCommon: 1 })
})
