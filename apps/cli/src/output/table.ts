/** Tables for people: aligned, as wide as the terminal and no wider, every cell harmless. */

import { displaySafe } from '@mosaic/domain/display'
import type { Style } from './style.ts'
import { pad, textWidth, truncate, wrap } from './width.ts'

export interface Column<Row> {
  title: string
  /** Untrusted text; an empty one is shown as `-`. */
  cell(row: Row): string
  /** Colours a cell; it must not change its text. */
  paint?(text: string, row: Row): string
  align?: 'left' | 'right'
  /** 0 always stays; the highest number goes first when the terminal is narrow. */
  rank: number
  /** Left out when no row has anything in it. */
  sparse?: boolean
  /** Longest the column becomes, and shortest it is cut to. */
  max?: number
  min?: number
  /** As the last column: what does not fit goes on below it instead of being cut away. */
  wraps?: boolean
}

export interface TableOptions {
  style: Style
  /** Columns of the terminal; absent: nothing is cut. */
  width?: number | undefined
  /** Columns with a higher rank are left out, however much room there is. */
  maxRank?: number
}

const GAP = 2

interface Laid<Row> {
  column: Column<Row>
  cells: string[]
  width: number
}

function lay<Row>(columns: readonly Column<Row>[], rows: readonly Row[], maxRank: number): Laid<Row>[] {
  return columns
    .filter((column) => column.rank <= maxRank)
    .map((column) => {
      const cells = rows.map((row) => displaySafe(column.cell(row)))
      const widest = cells.reduce((most, cell) => Math.max(most, textWidth(cell)), 1)
      return { column, cells, width: Math.max(textWidth(column.title), Math.min(widest, column.max ?? widest)) }
    })
    .filter(({ column, cells }) => column.sparse !== true || cells.some((cell) => cell !== ''))
}

const totalWidth = (laid: readonly Laid<never>[]): number => laid.reduce((sum, { width }) => sum + width + GAP, -GAP)

/** Leaves out columns by rank, then cuts the widest ones, until the table fits. */
function fit<Row>(laid: Laid<Row>[], width: number): Laid<Row>[] {
  const kept = [...laid]
  const total = () => totalWidth(kept as unknown as Laid<never>[])
  while (total() > width) {
    const last = Math.max(...kept.map(({ column }) => column.rank))
    if (last === 0) break
    kept.splice(
      kept.findLastIndex(({ column }) => column.rank === last),
      1,
    )
  }
  while (total() > width) {
    const floor = ({ column }: Laid<Row>) => column.min ?? Math.max(4, textWidth(column.title))
    const cuttable = kept.filter((one) => one.width > floor(one)).sort((a, b) => b.width - a.width)
    // What wraps loses nothing by it.
    const widest = cuttable.find((one) => one.column.wraps === true) ?? cuttable[0]
    if (widest === undefined) break
    widest.width -= 1
  }
  return kept
}

/** The table's lines, the header first. */
export function tableLines<Row>(columns: readonly Column<Row>[], rows: readonly Row[], options: TableOptions): string[] {
  const { style, width, maxRank = Number.POSITIVE_INFINITY } = options
  const natural = lay(columns, rows, maxRank)
  const laid = width === undefined ? natural : fit(natural, width)
  const gap = ' '.repeat(GAP)
  // Without colour the padding of the last column is only noise.
  const join = (cells: readonly string[]): string => cells.join(gap).trimEnd()
  const header = laid.map(({ column, width: columns_ }) => pad(truncate(column.title, columns_), columns_, column.align))
  const indent = ' '.repeat(totalWidth(laid as unknown as Laid<never>[]) - (laid.at(-1)?.width ?? 0))
  const body = rows.flatMap((row, index) => {
    let below: string[] = []
    const cells = laid.map(({ column, cells, width: columns_ }, at) => {
      const last = at === laid.length - 1
      const whole = cells[index] || '-'
      const [cell = '', ...rest] = last && column.wraps === true ? wrap(whole, columns_) : [truncate(whole, columns_)]
      below = rest
      const filled = last && column.align !== 'right' ? cell : pad(cell, columns_, column.align)
      return column.paint === undefined ? filled : filled.replace(cell, () => column.paint?.(cell, row) ?? cell)
    })
    return [join(cells), ...below.map((line) => indent + line)]
  })
  return [style.dim(join(header)), ...body]
}
