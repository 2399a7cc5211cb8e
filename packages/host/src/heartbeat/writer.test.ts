import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseHeartbeat } from '@mosaic/domain/heartbeat'
import { until } from '@mosaic/testkit/until'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HeartbeatWriter } from './writer.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mosaic-beat-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const file = () => join(directory, 'a.hb')
const beatOf = () => parseHeartbeat(readFileSync(file(), 'utf8'))
const idle = () => ({ status: 'ok' as const })

describe('the heartbeat of a runtime', () => {
  test('is there at once, says what is true, and leaves no other file', () => {
    using _writer = new HeartbeatWriter({
      file: file(),
      intervalMs: 15_000,
      read: () => ({ status: 'busy', turn: 3, model: 'm', contextUsed: 9 }),
    })
    expect(beatOf()).toMatchObject({
      pid: process.pid,
      status: 'busy',
      source: 'runtime',
      turn: 3,
      model: 'm',
      contextUsed: 9,
      intervalMs: 15_000,
    })
    expect(readdirSync(directory)).toEqual(['a.hb'])
    expect(statSync(file()).mode & 0o777).toBe(0o600)
  })

  test('comes again each interval, and between them when asked', async () => {
    let turn = 0
    using writer = new HeartbeatWriter({ file: file(), intervalMs: 20, read: () => ({ status: 'ok', turn: ++turn }) })
    await until(() => {
      const beat = beatOf()
      return 'turn' in beat && (beat.turn ?? 0) >= 3
    })
    const before = turn
    writer.beat()
    expect(turn).toBeGreaterThan(before)
  })

  test('ends with its writer', async () => {
    let beats = 0
    const writer = new HeartbeatWriter({ file: file(), intervalMs: 5, read: () => ({ status: 'ok', turn: ++beats }) })
    await until(() => beats > 2)
    writer[Symbol.dispose]()
    const after = beats
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(beats).toBe(after)
  })

  test('never ends its runtime, whatever stands in its way', () => {
    const target = join(directory, 'target')
    writeFileSync(target, 'kept')
    symlinkSync(target, `${file()}.tmp`)
    using writer = new HeartbeatWriter({ file: file(), intervalMs: 15_000, read: idle })
    rmSync(`${file()}.tmp`)
    execFileSync('mkfifo', [`${file()}.tmp`])
    writer.beat()
    rmSync(directory, { recursive: true })
    writer.beat()
  })

  test('writes through no link', () => {
    const target = join(directory, 'target')
    writeFileSync(target, 'kept')
    symlinkSync(target, file())
    symlinkSync(target, `${file()}.tmp`)
    using _writer = new HeartbeatWriter({ file: file(), intervalMs: 15_000, read: idle })
    expect(readFileSync(target, 'utf8')).toBe('kept')
  })

  test('uses up what a killed writer left behind', () => {
    writeFileSync(`${file()}.tmp`, 'half of a much longer heartbeat that was never finished '.repeat(20))
    using _writer = new HeartbeatWriter({ file: file(), intervalMs: 15_000, read: idle })
    expect(beatOf()).toMatchObject({ status: 'ok' })
    expect(readdirSync(directory)).toEqual(['a.hb'])
  })
})
