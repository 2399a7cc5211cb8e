/** A screen read again and again, as the lines that came since the last reading. */

import { insertedLines, withoutBlankEnd } from './line-diff.ts'
import type { ScreenReading, ScreenState } from './screen-feed.ts'

/** Printed where more went by than the scroll-back keeps. */
export const GAP = '[…]'

/** Scroll-back that is read again when its lines can no longer be counted: it was cut at its limit, or cleared. */
const SEARCHED_LINES = 4_000

interface Seen {
  lines: readonly string[]
  /** Scroll-back above `lines`. */
  above: number
}

export class ScreenLog {
  /** Of the screen with scroll-back. */
  #normal: Seen | undefined

  /** Of a full-screen program. */
  #full: Seen | undefined

  /** How much scroll-back the next reading has to have, given the size of it now. */
  historyNeeded(state: ScreenState): number {
    if (state.alternate || this.#normal === undefined) return 0
    const grown = state.historySize - this.#normal.above
    return grown < 0 ? Math.min(state.historySize, SEARCHED_LINES) : grown
  }

  /** Takes a reading as seen without printing it. */
  skip(reading: ScreenReading): void {
    this.#remember(reading.state, screenOf(reading))
  }

  /**
   * The new lines.
   * @param settled false while the program is still printing: then the line at the cursor is not taken for finished
   */
  update(reading: ScreenReading, settled: boolean): string[] {
    const { state } = reading
    const screen = screenOf(reading)
    const shown = settled ? screen : screen.filter((_, row) => row !== state.cursorY)
    const seen = state.alternate ? this.#full : this.#normal
    if (!state.alternate) this.#full = undefined
    this.#remember(state, shown)
    if (seen === undefined) return withoutBlankEnd(shown)
    const history = state.alternate ? [] : reading.lines.slice(0, -state.height)
    const grown = state.historySize - seen.above
    const counted = state.alternate ? [] : grown < 0 ? history : history.slice(Math.max(0, history.length - grown))
    const exact = state.alternate || grown >= 0
    return newLines(seen.lines, counted, withoutBlankEnd(shown), exact)
  }

  #remember(state: ScreenState, lines: readonly string[]): void {
    const seen = { lines: withoutBlankEnd(lines), above: state.historySize }
    if (state.alternate) this.#full = seen
    else this.#normal = seen
  }
}

function screenOf({ state, lines }: ScreenReading): string[] {
  return lines.slice(-state.height)
}

/** @param exact false when `history` may reach further back than what was seen */
function newLines(seen: readonly string[], history: readonly string[], screen: readonly string[], exact: boolean): string[] {
  const now = [...history, ...screen]
  const { inserted, firstCommon } = insertedLines(seen, now)
  if (seen.length === 0) return inserted
  if (firstCommon === undefined) return exact && history.length === 0 ? inserted : [GAP, ...(exact ? now : screen)]
  if (exact) return inserted
  return insertedLines(seen, now.slice(firstCommon)).inserted
}
