/** What the screen shows, as rows of harmless text: header, the end of the transcript, status, composer or dialog. */

import { displaySafe, displaySafeText } from '@mosaic/domain/display'
import type { Activity } from '@mosaic/domain/signal'
import { clip, textWidth, wrap } from './text-width.ts'
import type { TranscriptEntry } from './transcript.ts'

export type Tone = 'plain' | 'header' | 'dim' | 'user' | 'alert' | 'good'

export interface Row {
  text: string
  tone: Tone
}

export interface Cursor {
  /** From 0. */
  row: number
  column: number
}

export interface View {
  rows: Row[]
  /** Absent: hidden. */
  cursor: Cursor | undefined
}

export interface ViewInput {
  width: number
  height: number
  title: string
  entries: readonly TranscriptEntry[]
  activity: Activity
  /** What the activity word does not say. */
  note: string
  question: string | undefined
  composer: { text: string; cursor: number }
}

/** Lines of one entry that are shown from its start and from its end; what lies between is counted. */
const HEAD_LINES = 20
const TAIL_LINES = 5
const MAX_LINE = 2000
/** Lines of the composer around the cursor that are looked at. */
const COMPOSER_LINES = 30

const row = (text: string, tone: Tone = 'plain'): Row => ({ text, tone })
const untab = (text: string): string => text.replaceAll('\t', '    ')

function excerpt(text: string): string[] {
  const lines = displaySafeText(text).split('\n')
  const hidden = lines.length - HEAD_LINES - TAIL_LINES
  const shown = hidden > 1 ? [...lines.slice(0, HEAD_LINES), `… ${hidden} more lines …`, ...lines.slice(-TAIL_LINES)] : lines
  return shown.map((line) => untab(line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line))
}

const MARKS: Readonly<Record<TranscriptEntry['role'], [mark: string, tone: Tone]>> = {
  user: ['> ', 'user'],
  assistant: ['● ', 'plain'],
  notice: ['· ', 'dim'],
  cleared: ['', 'dim'],
}

const cache = new WeakMap<TranscriptEntry, { width: number; rows: Row[] }>()

function entryRows(entry: TranscriptEntry, width: number): Row[] {
  const cached = cache.get(entry)
  if (cached?.width === width) return cached.rows
  const [mark, tone] = MARKS[entry.role]
  const wrapped = excerpt(entry.text).flatMap((line) => wrap(line, Math.max(1, width - 2)))
  const rows = [...wrapped.map((line, index) => row(`${index === 0 ? mark : '  '}${line}`, tone)), row('')]
  cache.set(entry, { width, rows })
  return rows
}

/** The last rows of the transcript, so many as fit. */
function transcriptRows(entries: readonly TranscriptEntry[], width: number, count: number): Row[] {
  let rows: Row[] = []
  for (let index = entries.length - 1; index >= 0 && rows.length < count; index -= 1) {
    const entry = entries[index]
    if (entry !== undefined) rows = [...entryRows(entry, width), ...rows]
  }
  return rows.slice(Math.max(0, rows.length - count))
}

interface ComposerView {
  rows: Row[]
  cursor: Cursor
}

/** The lines around the cursor, wrapped, with the cursor's place among the rows. */
function composerView(text: string, cursor: number, width: number, maxRows: number): ComposerView {
  const before = text.slice(0, cursor).split('\n').slice(-COMPOSER_LINES)
  const after = text.slice(cursor).split('\n', COMPOSER_LINES)
  const room = Math.max(1, width - 2)
  const clean = (line: string) => displaySafe(untab(line.slice(0, MAX_LINE)))
  const left = clean((before.at(-1) ?? '').slice(-MAX_LINE))
  const above = before.slice(0, -1).flatMap((line) => wrap(clean(line), room))
  const current = wrap(left + clean(after[0] ?? ''), room)
  const below = after.slice(1).flatMap((line) => wrap(clean(line), room))
  const leftRows = wrap(left, room)
  let cursorRow = above.length + leftRows.length - 1
  let column = textWidth(leftRows.at(-1) ?? '')
  if (column >= room) {
    cursorRow += 1
    column = 0
  }
  const all = [...above, ...current, ...below]
  while (all.length <= cursorRow) all.push('')
  const first = Math.max(0, Math.min(cursorRow - maxRows + 1, all.length - maxRows), cursorRow - maxRows + 1)
  const rows = all.slice(first, first + maxRows).map((line, index) => row(`${first + index === 0 ? '> ' : '  '}${line}`))
  return { rows, cursor: { row: cursorRow - first, column: column + 2 } }
}

const ACTIVITY_TONE: Readonly<Record<Activity, Tone>> = { idle: 'good', busy: 'alert', waiting: 'alert', draft: 'dim' }

export function view(input: ViewInput): View {
  const width = Math.max(4, input.width)
  const height = Math.max(4, input.height)
  const maxRows = Math.max(1, Math.min(8, Math.floor(height / 3)))
  const composer = composerView(input.composer.text, input.composer.cursor, width, maxRows)
  const dialog =
    input.question === undefined
      ? undefined
      : [
          row(clip(`? ${displaySafe(input.question)}`, width), 'alert'),
          row(clip('  y / Enter: approve    n / Escape: deny', width), 'alert'),
        ].slice(-Math.max(1, height - 3))
  const bottom = dialog ?? composer.rows
  const count = Math.max(0, height - 2 - bottom.length)
  const status = row(
    clip(`${input.activity}${input.note === '' ? '' : ` · ${displaySafe(input.note)}`}`, width),
    ACTIVITY_TONE[input.activity],
  )
  const transcript = transcriptRows(input.entries, width, count)
  // What is typed stands right below what was said: a smaller terminal that looks on sees both.
  const unused = Array.from({ length: count - transcript.length }, () => row(''))
  const rows = [row(clip(displaySafe(input.title), width), 'header'), ...transcript, status, ...bottom, ...unused]
  const cursor =
    dialog === undefined
      ? { row: transcript.length + 2 + composer.cursor.row, column: Math.min(composer.cursor.column, width - 1) }
      : undefined
  return { rows, cursor }
}
