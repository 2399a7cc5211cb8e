/** A captured screen as cells: only text and colour come through, whatever the program sent. */

import { isDeceptive } from '@mosaic/domain/display'
import { charWidth } from './char-width.ts'
import { Pen } from './pen.ts'

export interface Cell {
  /** One character and what combines with it. */
  text: string
  width: 1 | 2
  /** SGR sequence that sets everything. */
  style: string
}

/** The line drawing set, which tmux hands out as letters between SO and SI. */
const LINE_DRAWING: Readonly<Record<string, string>> = {
  '+': '→',
  ',': '←',
  '-': '↑',
  '.': '↓',
  '0': '█',
  '`': '◆',
  a: '▒',
  b: '␉',
  c: '␌',
  d: '␍',
  e: '␊',
  f: '°',
  g: '±',
  h: '␤',
  i: '␋',
  j: '┘',
  k: '┐',
  l: '┌',
  m: '└',
  n: '┼',
  o: '⎺',
  p: '⎻',
  q: '─',
  r: '⎼',
  s: '⎽',
  t: '├',
  u: '┤',
  v: '┴',
  w: '┬',
  x: '│',
  y: '≤',
  z: '≥',
  '{': 'π',
  '|': '≠',
  '}': '£',
  '~': '·',
}

/** More combining characters in one cell are dropped. */
const MAX_COMBINING = 8

/**
 * Alternatives in order: a CSI sequence, a string sequence (OSC, DCS, APC, PM, SOS) to its end, another escape, a character.
 */
const TOKEN = /\u001b\[([0-9:;<=>?]*)[ -/]*([@-~])|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[ -/]*[0-~]?|[\s\S]/gu

/**
 * The rows of `capture-pane -e`. Colours and character set run on from one line to the next.
 */
export function parseScreen(lines: readonly string[]): Cell[][] {
  const pen = new Pen()
  let drawing = false
  return lines.map((line) => {
    const row: Cell[] = []
    for (const [token, parameters, final] of line.matchAll(TOKEN)) {
      if (token === '\u000e' || token === '\u000f') drawing = token === '\u000e'
      else if (token[0] === '\u001b') {
        if (final === 'm') pen.apply(parameters ?? '')
      } else put(row, drawing ? (LINE_DRAWING[token] ?? token) : token, pen.sgr)
    }
    return row
  })
}

function put(row: Cell[], char: string, style: string): void {
  const code = char.codePointAt(0) ?? 0
  if (code < 0x20 || (code >= 0x7f && code < 0xa0) || isDeceptive(char)) return
  const width = charWidth(char)
  if (width !== 0) {
    row.push({ text: char, width, style })
    return
  }
  const last = row.at(-1)
  if (last !== undefined && [...last.text].length <= MAX_COMBINING) last.text += char
}
