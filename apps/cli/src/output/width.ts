/** How many columns of a terminal a text takes, and cutting it to fit. */

import { charWidth } from '@mosaic/host/observe/char-width'

const ASCII = /^[\u0020-\u007e]*$/

/** Columns that `text` takes; it holds no control character and no colour. */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length
  let width = 0
  for (const char of text) width += charWidth(char)
  return width
}

/** Code units of the longest start of `text` that fits; what combines with its last character is part of it. */
function fitting(text: string, columns: number): number {
  let used = 0
  let end = 0
  for (const char of text) {
    used += charWidth(char)
    if (used > columns) break
    end += char.length
  }
  return end
}

/** `text` in at most `columns`, ending in `…` when something was cut away. */
export function truncate(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text
  return columns < 1 ? '' : `${text.slice(0, fitting(text, columns - 1))}…`
}

/** `text` filled with spaces to `columns`. */
export function pad(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const fill = ' '.repeat(Math.max(0, columns - textWidth(text)))
  return align === 'left' ? text + fill : fill + text
}

/** Lines of at most `columns` (at least 2), broken at spaces; a longer word is broken where it must. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (let word of text.split(' ')) {
    if (line !== '' && textWidth(line) + 1 + textWidth(word) <= columns) {
      line += ` ${word}`
      continue
    }
    if (line !== '') lines.push(line)
    while (textWidth(word) > columns) {
      const end = fitting(word, columns)
      lines.push(word.slice(0, end))
      word = word.slice(end)
    }
    line = word
  }
  return [...lines, line]
}
