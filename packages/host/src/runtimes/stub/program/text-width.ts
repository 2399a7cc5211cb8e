/** How many cells text takes on a terminal, and cutting it into rows. */

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const PLAIN = /^[\x20-\x7e]*$/
const ZERO = /^[\p{Mn}\p{Me}\p{Cf}]+$/u
const EMOJI = /\p{Emoji_Presentation}|\ufe0f/u
/** East Asian wide and fullwidth blocks, from Unicode's EastAsianWidth. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u

/** Cells of one grapheme. */
export function graphemeWidth(grapheme: string): number {
  if (grapheme.length === 1 && grapheme >= ' ' && grapheme <= '~') return 1
  if (ZERO.test(grapheme)) return 0
  return EMOJI.test(grapheme) || WIDE.test(grapheme) ? 2 : 1
}

export const graphemesOf = (text: string): string[] => [...segmenter.segment(text)].map(({ segment }) => segment)

export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length
  let width = 0
  for (const grapheme of graphemesOf(text)) width += graphemeWidth(grapheme)
  return width
}

/** Rows of at most `width` cells, at least one. The text is one line. */
export function wrap(text: string, width: number): string[] {
  const rows: string[] = []
  if (PLAIN.test(text)) {
    for (let at = 0; at < text.length; at += width) rows.push(text.slice(at, at + width))
    return rows.length === 0 ? [''] : rows
  }
  let row = ''
  let used = 0
  for (const grapheme of graphemesOf(text)) {
    const cells = graphemeWidth(grapheme)
    if (used + cells > width) {
      rows.push(row)
      row = ''
      used = 0
    }
    row += grapheme
    used += cells
  }
  return [...rows, row]
}

/** The beginning of a line that fits into `width` cells. */
export const clip = (text: string, width: number): string => wrap(text, Math.max(1, width))[0] ?? ''
