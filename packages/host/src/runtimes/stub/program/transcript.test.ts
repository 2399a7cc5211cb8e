import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTranscript } from './transcript.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mosaic-transcript-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const textsAfter = (resume: boolean) => {
  using transcript = openTranscript(directory, resume)
  return transcript.resumed.map(({ text }) => text)
}

describe('the transcript of the stub', () => {
  test('gives the conversation back exactly, past a torn line, when it is resumed', () => {
    {
      using transcript = openTranscript(directory, false)
      transcript.append({ at: 1, role: 'user', text: 'a\tb\n😀;\n', id: 'x' })
      transcript.append({ at: 2, role: 'assistant', text: 'c' })
    }
    appendFileSync(join(directory, 'transcript.jsonl'), '{"at":3,"role":"us')
    expect(textsAfter(true)).toEqual(['a\tb\n😀;\n', 'c'])
  })

  test('begins empty otherwise, and what was before stays forgotten', () => {
    {
      using transcript = openTranscript(directory, false)
      transcript.append({ at: 1, role: 'user', text: 'old' })
    }
    expect(textsAfter(false)).toEqual([])
    expect(textsAfter(true)).toEqual([])
  })

  test('gives back the end of a long conversation', () => {
    {
      using transcript = openTranscript(directory, false)
      for (let index = 0; index < 40; index += 1) transcript.append({ at: 1, role: 'user', text: `${index} ${'x'.repeat(60_000)}` })
    }
    const texts = textsAfter(true)
    expect(texts.length).toBeGreaterThan(5)
    expect(texts.at(-1)).toMatch(/^39 /)
  })
})
