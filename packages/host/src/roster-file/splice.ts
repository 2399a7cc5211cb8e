/** Edits of a text by replacing exact ranges: everything outside of them stays as it is, byte for byte. */

import { columnOf, lineEnd, lineStart, type Slot, startsLine } from './layout.ts'

/** `[from, to)` becomes `text`. */
export interface Splice {
  from: number
  to: number
  text: string
}

/** The text with all splices made. They must not overlap. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  let out = ''
  let at = 0
  for (const { from, to, text: inserted } of [...splices].sort((a, b) => a.from - b.from || a.to - b.to)) {
    out += text.slice(at, from) + inserted
    at = to
  }
  return out + text.slice(at)
}

/** The line break that the text uses. */
export const lineBreak = (text: string): string => (text.includes('\r\n') ? '\r\n' : '\n')

/** Blanks, an optional comma, an optional comment, up to the end of the line. */
const REST_OF_LINE = /^[ \t]*(?:,[ \t]*)?(?:#[^\r\n]*)?(?=\r?\n|$)/

/** Puts whole lines below the line in which `after` ends. */
export function insertLines(text: string, after: number, lines: readonly string[]): Splice {
  const eol = lineBreak(text)
  const body = lines.join(eol)
  // A block scalar ends with its own line break.
  if (after > 0 && text[after - 1] === '\n') return { from: after, to: after, text: body + eol }
  const at = lineEnd(text, after)
  return { from: at, to: at, text: eol + body }
}

/** Removes the lines from the one in which `start` stands to the one in which `end` does. */
export function removeLines(text: string, start: number, end: number): Splice {
  const from = lineStart(text, start)
  if (end > 0 && text[end - 1] === '\n') return { from, to: end, text: '' }
  const breakAt = text.indexOf('\n', end)
  if (breakAt !== -1) return { from, to: breakAt + 1, text: '' }
  // The last line has no line break of its own: the one before it goes.
  const before = from > 1 && text[from - 2] === '\r' ? from - 2 : Math.max(0, from - 1)
  return { from: before, to: text.length, text: '' }
}

/** Adds an item after the last one of a flow collection, on a line of its own if that one has one. */
export function appendFlow(text: string, last: Slot, item: string): Splice[] {
  const rest = REST_OF_LINE.exec(text.slice(last.end))
  if (!startsLine(text, last.start) || rest === null) return [{ from: last.end, to: last.end, text: `, ${item}` }]
  const own = `${lineBreak(text)}${text.slice(lineStart(text, last.start), last.start)}${item}`
  const end = last.end + rest[0].length
  if (last.commaAfter !== undefined) return [{ from: end, to: end, text: `${own},` }]
  if (rest[0] === '') return [{ from: last.end, to: last.end, text: `,${own}` }]
  return [
    { from: last.end, to: last.end, text: ',' },
    { from: end, to: end, text: own },
  ]
}

/** Removes one item of a flow collection and the comma that is then too many. */
export function removeFlow(text: string, slots: readonly Slot[], index: number): Splice[] {
  const slot = slots[index]
  if (slot === undefined) return []
  const splices: Splice[] = []
  const comma = slot.commaAfter ?? slot.commaBefore
  const rest = REST_OF_LINE.exec(text.slice(slot.end))
  const ownLine = startsLine(text, slot.start) && rest !== null
  const lineRange = ownLine ? removeLines(text, slot.start, slot.end) : undefined
  const range = lineRange ?? inlineRange(text, slots, index, slot)
  splices.push(range)
  if (comma !== undefined && (comma < range.from || comma >= range.to)) splices.push({ from: comma, to: comma + 1, text: '' })
  return splices
}

function inlineRange(text: string, slots: readonly Slot[], index: number, slot: Slot): Splice {
  const next = slots[index + 1]
  const blank = (from: number, to: number) => /^[\s,]*$/.test(text.slice(from, to))
  if (next !== undefined && blank(slot.end, next.start)) return { from: slot.start, to: next.start, text: '' }
  const previous = slots[index - 1]
  if (previous !== undefined && blank(previous.end, slot.start)) return { from: previous.end, to: slot.end, text: '' }
  return { from: slot.start, to: slot.end, text: '' }
}

/** Spaces that bring a line to the column of `offset`. */
export const indentTo = (text: string, offset: number): string => ' '.repeat(columnOf(text, offset))
