import { appendFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempHome } from '@mosaic/testkit/temp-home'
import { until } from '@mosaic/testkit/until'
import { describe, expect, it } from 'vitest'
import { LineTail, readThrough } from './line-tail.ts'

async function world() {
  const home = await tempHome()
  const path = join(home.root, 'lines.jsonl')
  const lines: string[] = []
  const tail = new LineTail(path, (line) => lines.push(line))
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

describe('the tail of a file of lines', () => {
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

  it('finds a file that comes later, when it is expected', async () => {
    await using at = await world()
    at.tail.read()
    at.tail.expect(true)
    writeFileSync(at.path, 'one\n')
    await until(() => at.lines.length === 1)
    at.tail.expect(false)
    appendFileSync(at.path, 'two\n')
    await until(() => at.lines.length === 2)
  })

  it('reads a file through that nobody writes any more', async () => {
    await using at = await world()
    writeFileSync(at.path, 'one\ntwo\nhalf of the thi')
    const lines: string[] = []
    readThrough(at.path, (line) => lines.push(line))
    expect(lines).toEqual(['one', 'two'])
  })

  it('hands a line over again that could not be taken, and what stands behind it', async () => {
    await using at = await world()
    const taken: string[] = []
    let full = true
    using tail = new LineTail(at.path, (line) => {
      if (full && line === 'two') throw new Error('no space left')
      taken.push(line)
    })
    writeFileSync(at.path, 'one\ntwo\nthree\nfo')
    expect(() => tail.read()).toThrow('no space left')
    expect(() => tail.read()).toThrow('no space left')
    full = false
    tail.read()
    appendFileSync(at.path, 'ur\n')
    tail.read()
    expect(taken).toEqual(['one', 'two', 'three', 'four'])
  })

  it('gives looks that nobody called for to who guards them', async () => {
    await using at = await world()
    const failures: unknown[] = []
    const enter = (look: () => void) => {
      try {
        look()
      } catch (error) {
        failures.push(error)
      }
    }
    let full = true
    const taken: string[] = []
    const take = (line: string) => {
      if (full) throw new Error('no space left')
      taken.push(line)
    }
    using tail = new LineTail(at.path, take, enter)
    tail.expect(true)
    writeFileSync(at.path, 'one\n')
    await until(() => failures.length > 0)
    full = false
    await until(() => taken.length === 1)
  })
})
