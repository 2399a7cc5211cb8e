import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseSignal } from '@mosaic/domain/signal'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { JournalWriter, stampMs } from './journal-writer.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mosaic-journal-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

describe('the signal journal of a runtime', () => {
  test('has one readable line per signal, with time and process', () => {
    const path = join(directory, 'signals.jsonl')
    using journal = new JournalWriter(path)
    const before = Date.now()
    journal.append({ kind: 'started', session: null })
    journal.append({ kind: 'accepted', id: 'x', mode: 'turn' })
    const signals = readFileSync(path, 'utf8').trimEnd().split('\n').map(parseSignal)
    expect(signals).toMatchObject([
      { v: 1, kind: 'started', pid: process.pid },
      { kind: 'accepted', id: 'x', mode: 'turn' },
    ])
    expect(signals.every((signal) => signal !== undefined && signal.at > before - 5 && signal.at < Date.now() + 5)).toBe(true)
  })

  test('keeps a line readable however long a text in it is', () => {
    const path = join(directory, 'signals.jsonl')
    using journal = new JournalWriter(path)
    journal.append({ kind: 'error', reason: 'model', detail: 'x'.repeat(100_000), until: null })
    expect(parseSignal(readFileSync(path, 'utf8').trimEnd())?.kind).toBe('error')
  })

  test('stamps never run backwards, and stay with the wall clock', () => {
    const stamps = Array.from({ length: 1000 }, () => stampMs())
    expect([...stamps].sort((a, b) => a - b)).toEqual(stamps)
    const before = Date.now()
    const stamp = stampMs()
    expect(stamp).toBeGreaterThan(before - 5)
    expect(stamp).toBeLessThan(Date.now() + 5)
  })
})
