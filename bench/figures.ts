/** What a bench tells: each figure beside a baseline of the same minute, and whether it is as good as it shall be. */

/** A bound on the ratio to the baseline, or on the value itself. */
export interface Goal {
  of: 'ratio' | 'value'
  atMost?: number
  atLeast?: number
}

export interface Measured {
  what: string
  value: number
  unit: string
  baseline: { what: string; value: number }
  goal?: Goal
  /** `times faster` is the ratio the other way round. */
  ratioIs?: 'times' | 'times faster'
}

/** What this machine does not let one measure, and why. */
export interface NotMeasured {
  what: string
  notMeasured: string
}

export type Figure = Measured | NotMeasured

export type Verdict = 'pass' | 'MISS' | ''

export const isMeasured = (figure: Figure): figure is Measured => 'value' in figure

export function ratioOf({ value, baseline, ratioIs }: Measured): number {
  return ratioIs === 'times faster' ? baseline.value / value : value / baseline.value
}

export function verdictOf(figure: Measured): Verdict {
  const { goal } = figure
  if (goal === undefined) return ''
  const judged = goal.of === 'ratio' ? ratioOf(figure) : figure.value
  const { atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY } = goal
  return judged <= atMost && judged >= atLeast ? 'pass' : 'MISS'
}

/** Three digits that count. */
function digits(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return value.toFixed(0)
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2)
}

const ratioText = (figure: Measured): string => {
  const ratio = ratioOf(figure)
  if (!Number.isFinite(ratio)) return '-'
  return figure.ratioIs === 'times faster' ? `${digits(ratio)}x faster` : `${digits(ratio)}x`
}

function goalText({ goal, unit, ratioIs }: Measured): string {
  if (goal === undefined) return '-'
  const word = goal.of === 'value' ? unit : ratioIs === 'times faster' ? 'x faster' : 'x'
  const gap = goal.of === 'value' ? ' ' : ''
  return goal.atMost === undefined ? `at least ${goal.atLeast}${gap}${word}` : `at most ${goal.atMost}${gap}${word}`
}

const TITLES = ['FIGURE', 'MEASURED', 'BASELINE', '', 'RATIO', 'GOAL', '']
/** Numbers are easier to compare when their ends are in line. */
const RIGHT = new Set([1, 3, 4])

function cellsOf(figure: Figure): string[] {
  if (!isMeasured(figure)) return [figure.what, 'not measured', figure.notMeasured, '', '', '', '']
  const { what, value, unit, baseline } = figure
  const withUnit = (number: number) => `${digits(number)} ${unit}`
  return [what, withUnit(value), baseline.what, withUnit(baseline.value), ratioText(figure), goalText(figure), verdictOf(figure)]
}

/** The figures as a table. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = [TITLES, ...figures.map(cellsOf)]
  const widths = TITLES.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const pad = (cell: string, column: number) => (RIGHT.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n')
}

/** The figures as plain data. */
export const recordsOf = (figures: readonly Figure[]): unknown[] =>
  figures.map((figure) => (isMeasured(figure) ? { ...figure, ratio: ratioOf(figure), verdict: verdictOf(figure) || null } : figure))
