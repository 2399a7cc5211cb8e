import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Signal } from '@mosaic/domain/signal'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { JournalReader } from './journal-reader.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mosaic-reader-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const path = () => join(directory, 'a.signals.jsonl')
const line = (id: string) => `${JSON.stringify({ v: 1, at: 1, pid: 2, kind: 'accepted', id, mode: 'turn' })}\n`
const lines = (...ids: string[]) => ids.map(line).join('')

function reading() {
  const got: Signal[] = []
  const reader = new JournalReader(path(), (signals) => got.push(...signals))
  const readAll = () => {
    while (reader.read());
    return got.splice(0).map((signal) => (signal.kind === 'accepted' ? signal.id : signal.kind))
  }
  return { reader, got, readAll, [Symbol.dispose]: () => reader[Symbol.dispose]() }
}

describe('reading a signal journal', () => {
  test('waits for a file that is not there yet, and gives its signals in order', () => {
    using from = reading()
    expect(from.readAll()).toEqual([])
    writeFileSync(path(), lines('a', 'b'))
    expect(from.readAll()).toEqual(['a', 'b'])
    appendFileSync(path(), lines('c'))
    expect(from.readAll()).toEqual(['c'])
  })

  test('gives a line only when it is whole, and skips what is no signal', () => {
    writeFileSync(path(), line('a').slice(0, 20))
    using from = reading()
    expect(from.readAll()).toEqual([])
    appendFileSync(path(), line('a').slice(20))
    expect(from.readAll()).toEqual(['a'])
    appendFileSync(path(), `garbage\n{"v":1}\n\n${line('b')}{"v":1,"at":\n${line('c')}`)
    expect(from.readAll()).toEqual(['b', 'c'])
  })

  test('skips a line without end, without keeping it', () => {
    writeFileSync(path(), line('a'))
    appendFileSync(path(), 'x'.repeat(1_000_000))
    using from = reading()
    expect(from.readAll()).toEqual(['a'])
    appendFileSync(path(), `y\n${line('b')}`)
    expect(from.readAll()).toEqual(['b'])
  })

  test('follows a rotation, and gives what was written before it and after it', () => {
    writeFileSync(path(), lines('a'))
    using from = reading()
    expect(from.readAll()).toEqual(['a'])
    appendFileSync(path(), lines('b'))
    renameSync(path(), `${path()}.1`)
    expect(from.readAll()).toEqual(['b'])
    writeFileSync(path(), lines('c'))
    expect(from.readAll()).toEqual(['c'])
  })

  test('gives what a rotated file holds before what the journal holds', () => {
    writeFileSync(`${path()}.1`, lines('a', 'b'))
    writeFileSync(path(), lines('c', 'd'))
    using from = reading()
    expect(from.readAll()).toEqual(['a', 'b', 'c', 'd'])
    appendFileSync(path(), lines('e'))
    expect(from.readAll()).toEqual(['e'])
  })

  test('gives what stood in between when the journal was rotated twice since it was read', () => {
    writeFileSync(path(), lines('a'))
    using from = reading()
    expect(from.readAll()).toEqual(['a'])
    appendFileSync(path(), lines('b'))
    renameSync(path(), `${path()}.1`)
    writeFileSync(path(), lines('c'))
    renameSync(path(), `${path()}.1`)
    writeFileSync(path(), lines('d'))
    expect(from.readAll()).toEqual(['b', 'c', 'd'])
  })

  test('gives what is still appended to a file that was rotated and has no successor yet', () => {
    writeFileSync(path(), lines('a'))
    using from = reading()
    expect(from.readAll()).toEqual(['a'])
    renameSync(path(), `${path()}.1`)
    expect(from.readAll()).toEqual([])
    appendFileSync(`${path()}.1`, lines('b'))
    expect(from.readAll()).toEqual(['b'])
    writeFileSync(path(), lines('c'))
    expect(from.readAll()).toEqual(['c'])
  })

  test('begins at the start of a file that took its place, although it is longer', () => {
    writeFileSync(path(), lines('a'))
    using from = reading()
    from.readAll()
    rmSync(path())
    writeFileSync(path(), lines('x', 'y', 'z'))
    expect(from.readAll()).toEqual(['x', 'y', 'z'])
  })

  test('begins again when the file was emptied', () => {
    writeFileSync(path(), lines('a', 'b'))
    using from = reading()
    from.readAll()
    truncateSync(path())
    expect(from.readAll()).toEqual([])
    appendFileSync(path(), lines('c'))
    expect(from.readAll()).toEqual(['c'])
  })

  test('reads nothing through a link and nothing from a FIFO, and reads again when a file is back', () => {
    const elsewhere = join(directory, 'elsewhere')
    writeFileSync(elsewhere, lines('secret'))
    symlinkSync(elsewhere, path())
    using from = reading()
    expect(from.readAll()).toEqual([])
    rmSync(path())
    execFileSync('mkfifo', [path()])
    expect(from.readAll()).toEqual([])
    rmSync(path())
    writeFileSync(path(), lines('a'))
    expect(from.readAll()).toEqual(['a'])
  })

  test('gives other work a turn within a large journal', () => {
    writeFileSync(path(), line('a').repeat(20_000))
    using from = reading()
    expect(from.reader.read()).toBe(true)
    expect(from.got.length).toBeLessThan(20_000)
    while (from.reader.read());
    expect(from.got).toHaveLength(20_000)
  })

  test('reads all of a large journal in one go when it is to catch up', () => {
    writeFileSync(`${path()}.1`, line('a').repeat(20_000))
    writeFileSync(path(), line('b').repeat(20_000))
    using from = reading()
    expect(from.reader.catchUp()).toBe(false)
    expect(from.got).toHaveLength(40_000)
  })
})
