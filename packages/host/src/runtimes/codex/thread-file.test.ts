import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { begunAt, readThread, rememberThread, resumable } from './thread-file.ts'

const A = '01a21906-e311-7190-b1bb-fb9d6e099cb6'
const B = '01a21907-2a2e-7a41-b8db-41457a7cbe18'
let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mosaic-codex-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))
const file = (name: string) => join(directory, name)

describe('the record of an agent’s conversation', () => {
  test('knows the one that it is in, and the files that it was in before', () => {
    expect(readThread(directory)).toBeUndefined()
    rememberThread(directory, A, file('a'), 1)
    rememberThread(directory, A, file('a-reset'), 2)
    rememberThread(directory, A, file('a-reset'), 3)
    rememberThread(directory, B, file('b'), 4)
    rememberThread(directory, A, file('a'), 5)
    expect(readThread(directory)).toEqual({ thread: A, rollout: file('a'), earlier: [file('b'), file('a-reset')], at: 5 })
  })

  test('remembers a bounded number of files', () => {
    for (let index = 0; index < 100; index += 1) rememberThread(directory, A, file(String(index)), index)
    expect(readThread(directory)?.earlier).toHaveLength(16)
    expect(readThread(directory)?.earlier[0]).toBe(file('98'))
  })

  test('gives a conversation to go on with only when it is on the disk', () => {
    rememberThread(directory, A, file('a'), 1)
    expect(resumable(directory)).toBeUndefined()
    writeFileSync(file('a'), '')
    expect(resumable(directory)).toBe(A)
  })

  test.each(['', 'null', '{}', '{"thread":"--help","rollout":"/x"}', `{"thread":"${A}","rollout":"x"}`])(
    'is nothing when it is %j',
    (text) => {
      writeFileSync(file('codex-thread.json'), text)
      expect(readThread(directory)).toBeUndefined()
    },
  )

  test('is not read through a link', () => {
    writeFileSync(file('elsewhere'), JSON.stringify({ thread: A, rollout: '/x', earlier: [], at: 1 }))
    symlinkSync(file('elsewhere'), file('codex-thread.json'))
    expect(readThread(directory)).toBeUndefined()
  })

  test('tells from an id when a conversation was begun', () => {
    expect(new Date(begunAt(A)).toISOString()).toBe('2026-11-26T18:03:31.473Z')
  })
})
