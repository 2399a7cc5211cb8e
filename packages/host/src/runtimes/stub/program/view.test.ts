import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { textWidth } from './text-width.ts'
import type { TranscriptEntry } from './transcript.ts'
import { type ViewInput, view } from './view.ts'

const entry = (text: string, role: TranscriptEntry['role'] = 'user'): TranscriptEntry => ({ at: 0, role, text })
const input = (change: Partial<ViewInput> = {}): ViewInput => ({
  width: 40,
  height: 12,
  title: 'title',
  entries: [],
  activity: 'idle',
  note: '',
  question: undefined,
  composer: { text: '', cursor: 0 },
  ...change,
})
const textsOf = (change: Partial<ViewInput>) => view(input(change)).rows.map(({ text }) => text)
/** Without the unused rows at its end. */
const usedOf = (change: Partial<ViewInput>) => {
  const texts = textsOf(change)
  return texts.slice(0, texts.findLastIndex((text) => text !== '') + 1)
}

describe('the view', () => {
  test('has a header, the end of the conversation, the activity and the composer', () => {
    const change = {
      entries: [entry('hello'), entry('You said: hello', 'assistant')],
      note: 'turn 1',
      composer: { text: 'next', cursor: 4 },
    }
    expect(usedOf(change)).toEqual(['title', '> hello', '', '● You said: hello', '', 'idle · turn 1', '> next'])
    expect(textsOf({ ...change, height: 5 })).toEqual(['title', '● You said: hello', '', 'idle · turn 1', '> next'])
  })

  test('shows the end of what does not fit, and counts what it leaves out of a long message', () => {
    const lines = Array.from({ length: 5000 }, (_, index) => `line ${index}`).join('\n')
    const rows = textsOf({ height: 50, entries: [entry(lines)] })
    expect(rows).toContain('  … 4975 more lines …')
    expect(rows).toContain('  line 4999')
    expect(textsOf({ height: 8, entries: [entry(lines)] })).toContain('  line 4999')
  })

  test('puts the cursor where the text goes on', () => {
    expect(view(input({ composer: { text: 'ab\n漢', cursor: 4 } })).cursor).toEqual({ row: 3, column: 4 })
    expect(view(input({ composer: { text: 'ab\ncd', cursor: 1 } })).cursor).toEqual({ row: 2, column: 3 })
    expect(view(input({ width: 6, composer: { text: 'abcd', cursor: 4 } })).cursor).toEqual({ row: 3, column: 2 })
  })

  test('shows the lines around the cursor of a long text', () => {
    const text = Array.from({ length: 5000 }, (_, index) => `line ${index}`).join('\n')
    const rows = usedOf({ composer: { text, cursor: text.length } })
    expect(rows.slice(-2)).toEqual(['  line 4998', '  line 4999'])
  })

  test('looks at no more of an endless line than what is around the cursor', () => {
    const text = `${'漢'.repeat(1_000_000)}end`
    expect(usedOf({ composer: { text, cursor: text.length } }).at(-1)).toContain('end')
  })

  test('shows a question in the place of the composer, and no cursor', () => {
    const change = { question: 'Remove\x1b[2J it?', composer: { text: 'draft', cursor: 0 } }
    expect(view(input(change)).cursor).toBeUndefined()
    expect(usedOf(change).slice(-2)).toEqual(['? Remove␛[2J it?', expect.stringContaining('approve')])
  })

  test('fills every terminal exactly, and lets no control character through', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 120 }),
        fc.integer({ min: 4, max: 60 }),
        fc.array(fc.string({ unit: 'binary' })),
        fc.string({ unit: 'binary' }),
        (width, height, texts, draft) => {
          const shown = view(
            input({ width, height, entries: texts.map((text) => entry(text)), composer: { text: draft, cursor: draft.length } }),
          )
          expect(shown.rows).toHaveLength(height)
          for (const { text } of shown.rows) {
            expect(text).not.toMatch(/[\x00-\x1f\x7f-\x9f]/)
            expect(textWidth(text)).toBeLessThanOrEqual(width)
          }
          expect(shown.cursor?.row).toBeLessThan(height)
          expect(shown.cursor?.column).toBeLessThan(width)
        },
      ),
    )
  })
})
