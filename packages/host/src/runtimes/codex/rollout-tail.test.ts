import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '@mosaic/testkit/until'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { RolloutTail, readThrough } from './rollout-tail.ts'

let directory = ''
let lines: string[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mosaic-codex-'))
  lines = []
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))
const path = () => join(directory, 'rollout.jsonl')
const take = (line: string) => void lines.push(line)

describe('the tail of a rollout', () => {
  test('tells what is there, and whole lines as they come', async () => {
    writeFileSync(path(), 'one\ntwo\nthr')
    using tail = new RolloutTail(path(), take)
    tail.read()
    expect(lines).toEqual(['one', 'two'])
    appendFileSync(path(), 'ee\nfö')
    appendFileSync(path(), 'ur 😀\n')
    await until(() => lines.length === 4)
    expect(lines.slice(2)).toEqual(['three', 'föur 😀'])
  })

  test('finds a file that comes later, when it is expected', async () => {
    using tail = new RolloutTail(path(), take)
    tail.read()
    tail.expect(true)
    writeFileSync(path(), 'one\n')
    await until(() => lines.length === 1)
    tail.expect(false)
    appendFileSync(path(), 'two\n')
    await until(() => lines.length === 2)
  })

  test('reads of a very long file only its end, and no half line of it', () => {
    writeFileSync(path(), `${'x'.repeat(1023)}\n`.repeat(17 * 1024))
    readThrough(path(), take)
    expect(lines.length).toBeLessThanOrEqual(16 * 1024 + 1)
    expect(lines.length).toBeGreaterThan(16 * 1024 - 2)
    expect(lines.slice(1).every((line) => line.length === 1023)).toBe(true)
  })
})
