import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempHome } from '@mosaic/testkit/temp-home'
import { until } from '@mosaic/testkit/until'
import { describe, expect, it } from 'vitest'
import { startTicksOf } from '../../processes.ts'
import { type ClaudeStatus, parseStatus, StatusFile } from './status-file.ts'

const fields = { pid: 42, procStart: '77', sessionId: 'a', status: 'idle', statusUpdatedAt: 5 }

describe('the status in a file', () => {
  it('is what Claude Code is in', () => {
    expect(parseStatus(JSON.stringify(fields), 42, '77')).toEqual({ sessionId: 'a', status: 'idle', waitingFor: null, sinceMs: 5 })
    expect(parseStatus(JSON.stringify({ ...fields, status: 'waiting', waitingFor: 'input needed' }), 42, '77')).toMatchObject({
      status: 'waiting',
      waitingFor: 'input needed',
    })
  })

  it('is busy for a word that is not known', () => {
    expect(parseStatus(JSON.stringify({ ...fields, status: 'dreaming' }), 42, '77')?.status).toBe('busy')
  })

  it.each([
    ['another process that has its pid now', { ...fields, procStart: '78' }],
    ['another pid', { ...fields, pid: 43 }],
    ['a program that starts', { ...fields, status: undefined }],
  ])('is none of %s', (_whose, value) => {
    expect(parseStatus(JSON.stringify(value), 42, '77')).toBeUndefined()
  })

  it('is none in what is no JSON', () => {
    expect(parseStatus('{"pid": 4', 42, '77')).toBeUndefined()
  })
})

it('a status file that appears is followed, and says each change once', async () => {
  await using home = await tempHome()
  const seen: ClaudeStatus['status'][] = []
  using file = new StatusFile(home.root, process.pid, ({ status }) => seen.push(status))
  file.follow()
  const write = (status: string, statusUpdatedAt: number) => {
    const value = { ...fields, pid: process.pid, procStart: startTicksOf(process.pid), status, statusUpdatedAt }
    writeFileSync(join(home.root, 'sessions', `${process.pid}.json`), JSON.stringify(value))
  }
  mkdirSync(join(home.root, 'sessions'))
  write('idle', 1)
  await until(() => seen.length === 1)
  write('busy', 2)
  await until(() => seen.length === 2)
  write('busy', 2)
  write('idle', 3)
  await until(() => seen.length === 3)
  expect(seen).toEqual(['idle', 'busy', 'idle'])
})
