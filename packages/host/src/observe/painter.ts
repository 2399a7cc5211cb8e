/** Draws a screen into a terminal of any size, sending only the lines that changed and only sequences that cannot do harm. */

import type { Cell } from './cells.ts'
import { PLAIN } from './pen.ts'
import type { Size, Viewport } from './viewport.ts'

export interface Picture {
  rows: readonly (readonly Cell[])[]
  view: Viewport
  /** In the screen's coordinates; `undefined`: hidden. */
  cursor: { x: number; y: number } | undefined
  /** Text of the last line, already harmless. */
  status: string
}

const at = (row: number, column: number): string => `\u001b[${row + 1};${column + 1}H`

/** Characters that every terminal draws in one column: Latin, Greek, Cyrillic, box drawing and blocks. */
const CERTAIN = /^[\u0020-\u04ff\u2500-\u259f]$/

/**
 * One line of the terminal: the cells from column `x` on. After a character that terminals measure differently the column is
 * set again, so that a difference moves nothing else.
 */
export function drawRow(cells: readonly Cell[], x: number, columns: number): string {
  let out = ''
  let style = ''
  let column = -x
  let drawn = 0
  for (const cell of cells) {
    const end = column + cell.width
    if (end > 0 && column < columns) {
      if (style !== cell.style) out += cell.style
      style = cell.style
      // Half of a wide character is no character.
      const whole = column >= 0 && end <= columns
      out += whole ? cell.text : ' '
      if (whole && end < columns && !CERTAIN.test(cell.text)) out += `\u001b[${end + 1}G`
      drawn = Math.min(end, columns)
    }
    column = end
  }
  // At the right edge the cursor stands on the last character, which an erase would take.
  return `${out}${PLAIN}${drawn < columns ? '\u001b[K' : ''}`
}

export class Painter {
  #size: Size = { columns: 0, rows: 0 }
  #lines: string[] = []

  /** What is to be written so that a terminal of `size`, last painted by this painter, shows the picture. */
  paint(picture: Picture, size: Size): string {
    let out = ''
    if (size.columns !== this.#size.columns || size.rows !== this.#size.rows) {
      this.#size = { ...size }
      this.#lines = []
      out += `${PLAIN}\u001b[2J`
    }
    const { view, rows, cursor } = picture
    const shown = Math.max(0, size.rows - 1)
    const wanted = Array.from({ length: shown }, (_, row) => drawRow(rows[view.y + row] ?? [], view.x, size.columns))
    wanted.push(statusLine(picture.status, size.columns))
    wanted.forEach((line, row) => {
      if (this.#lines[row] !== line) out += at(row, 0) + line
    })
    this.#lines = wanted
    const where = cursor === undefined ? undefined : { x: cursor.x - view.x, y: cursor.y - view.y }
    const visible = where !== undefined && where.x >= 0 && where.x < size.columns && where.y >= 0 && where.y < shown
    return `\u001b[?25l${out}${visible ? `${at(where.y, where.x)}\u001b[?25h` : ''}`
  }
}

const statusLine = (text: string, columns: number): string => `\u001b[0;7m${[...text].slice(0, columns).join('').padEnd(columns)}${PLAIN}`
