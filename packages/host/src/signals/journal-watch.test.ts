import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '@mosaic/testkit/until'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { JournalWatch } from './journal-watch.ts'
import { JournalWriter } from './journal-writer.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mosaic-watch-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const collect = (watch: JournalWatch, name: string) => {
  const kinds: string[] = []
  watch.follow(name, (signals) => kinds.push(...signals.map(({ kind }) => kind)))
  return kinds
}

describe('following the journals of a directory', () => {
  test('is told of each signal of each agent, also of an agent that begins later', async () => {
    using watch = new JournalWatch(directory)
    using first = new JournalWriter(join(directory, 'first'))
    first.append({ kind: 'started', session: null })
    const one = collect(watch, 'first')
    const two = collect(watch, 'second')
    expect(one).toEqual(['started'])
    first.append({ kind: 'ready' })
    await until(() => one.length === 2)
    using second = new JournalWriter(join(directory, 'second'))
    second.append({ kind: 'stopped' })
    await until(() => two.length === 1)
    expect([one, two]).toEqual([['started', 'ready'], ['stopped']])
  })

  test('follows a journal over its rotation', async () => {
    using watch = new JournalWatch(directory)
    const kinds = collect(watch, 'a')
    using journal = new JournalWriter(join(directory, 'a'), { rotateAtBytes: 200 })
    for (let index = 0; index < 50; index += 1) {
      journal.append({ kind: 'ready' })
      await until(() => kinds.length === index + 1, { everyMs: 1 })
    }
  })

  test('has read a large journal, and the one that was rotated before it, when it begins to follow', () => {
    const line = (kind: string) => `${JSON.stringify({ v: 1, at: 1, pid: 1, kind })}\n`
    writeFileSync(join(directory, 'a.1'), line('stopped').repeat(20_000))
    writeFileSync(join(directory, 'a'), line('ready').repeat(20_000))
    using watch = new JournalWatch(directory)
    const kinds = collect(watch, 'a')
    expect(kinds).toHaveLength(40_000)
    expect(kinds.indexOf('ready')).toBe(20_000)
  })

  test('reads to its end by itself what is added in large pieces', async () => {
    using watch = new JournalWatch(directory)
    const kinds = collect(watch, 'a')
    writeFileSync(join(directory, 'a'), `${JSON.stringify({ v: 1, at: 1, pid: 1, kind: 'ready' })}\n`.repeat(20_000))
    await until(() => kinds.length === 20_000)
  })

  test('finds its way back when the directory was removed and made again', async () => {
    using watch = new JournalWatch(directory)
    const kinds = collect(watch, 'a')
    rmSync(directory, { recursive: true })
    mkdirSync(directory)
    appendFileSync(join(directory, 'a'), `${JSON.stringify({ v: 1, at: 1, pid: 1, kind: 'ready' })}\n`)
    await until(() => kinds.length === 1)
    appendFileSync(join(directory, 'a'), `${JSON.stringify({ v: 1, at: 1, pid: 1, kind: 'stopped' })}\n`)
    await until(() => kinds.length === 2)
    rmSync(directory, { recursive: true })
    mkdirSync(directory)
    writeFileSync(join(directory, 'a'), `${JSON.stringify({ v: 1, at: 1, pid: 1, kind: 'ready' })}\n`)
    watch.pokeAll()
    expect(kinds).toEqual(['ready', 'stopped', 'ready'])
  })
})
