import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AppendFile } from './append-file.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mosaic-append-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const path = () => join(directory, 'lines')
const text = () => readFileSync(path(), 'utf8')

describe('an append-only file', () => {
  test('is made for its owner alone, and grows by whole lines', () => {
    using file = new AppendFile(path())
    file.append('one', true)
    file.append('two', false)
    expect(text()).toBe('one\ntwo\n')
    expect(statSync(path()).mode & 0o777).toBe(0o600)
    expect(file.size).toBe(8)
  })

  test('begins a fresh line after the torn end of a predecessor, and none after a whole one', () => {
    writeFileSync(path(), 'whole\nto')
    using torn = new AppendFile(path())
    torn.append('new', true)
    using whole = new AppendFile(path())
    whole.append('newer', true)
    expect(text()).toBe('whole\nto\nnew\nnewer\n')
  })

  test('is moved aside when it is large, and begun anew', () => {
    using file = new AppendFile(path(), 10)
    for (const line of ['first line', 'second line', 'third line']) file.append(line, true)
    expect(readFileSync(`${path()}.1`, 'utf8')).toBe('second line\n')
    expect(text()).toBe('third line\n')
  })

  test.each([
    ['removed', () => rmSync(path())],
    ['moved away', () => renameSync(path(), `${path()}.old`)],
  ])('is made anew when it was %s', (_how, change) => {
    using file = new AppendFile(path())
    file.append('one', true)
    change()
    file.append('two', true)
    expect(text()).toBe('two\n')
  })

  test('appends behind what somebody else appended', () => {
    using file = new AppendFile(path())
    file.append('one', true)
    appendFileSync(path(), 'other\n')
    file.append('two', true)
    expect(text()).toBe('one\nother\ntwo\n')
  })

  test('follows no link and writes into nothing but a file', () => {
    const target = join(directory, 'target')
    symlinkSync(target, path())
    expect(() => new AppendFile(path())).toThrow()
    expect(existsSync(target)).toBe(false)
    rmSync(path())
    execFileSync('mkfifo', [path()])
    expect(() => new AppendFile(path())).toThrow(/not a regular file/)
  })
})
