import { appendFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempHome } from '@mosaic/testkit/temp-home'
import { until } from '@mosaic/testkit/until'
import { describe, expect, it } from 'vitest'
import { TranscriptTail } from './transcript-tail.ts'

async function world() {
  const home = await tempHome()
  const path = join(home.root, 'transcript.jsonl')
  const lines: string[] = []
  const tail = new TranscriptTail(path, (line) => lines.push(line))
  return {
    path,
    lines,
    tail,
    async [Symbol.asyncDispose]() {
      tail[Symbol.dispose]()
      await home[Symbol.asyncDispose]()
    },
  }
}

describe('the tail of a transcript', () => {
  it('gives what is there, and each line as it is written', async () => {
    await using at = await world()
    at.tail.read()
    writeFileSync(at.path, 'one\ntwo\n')
    at.tail.read()
    appendFileSync(at.path, 'three\n')
    await until(() => at.lines.length === 3)
    expect(at.lines).toEqual(['one', 'two', 'three'])
  })

  it('gives a line once it is whole, with characters that were written in parts', async () => {
    await using at = await world()
    const bytes = Buffer.from('漢字 é\n')
    writeFileSync(at.path, bytes.subarray(0, 4))
    at.tail.read()
    expect(at.lines).toEqual([])
    appendFileSync(at.path, bytes.subarray(4))
    at.tail.read()
    expect(at.lines).toEqual(['漢字 é'])
  })

  it('skips a line that is larger than any word of the runtime, and goes on behind it', async () => {
    await using at = await world()
    writeFileSync(at.path, `${'x'.repeat(9 * 1024 * 1024)}\nafter\n`)
    at.tail.read()
    expect(at.lines).toEqual(['after'])
  })

  it('reads the end of a long one, from a whole line on', async () => {
    await using at = await world()
    const row = `${'y'.repeat(1023)}\n`
    writeFileSync(at.path, row.repeat(17 * 1024))
    at.tail.read()
    expect(at.lines.length).toBe(16 * 1024 - 1)
    expect(at.lines.every((line) => line.length === 1023)).toBe(true)
  })

  it('follows no link', async () => {
    await using at = await world()
    writeFileSync(`${at.path}.real`, 'planted\n')
    symlinkSync(`${at.path}.real`, at.path)
    at.tail.read()
    expect(at.lines).toEqual([])
  })
})
