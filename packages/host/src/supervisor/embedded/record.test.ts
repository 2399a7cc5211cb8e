import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, it } from 'vitest'
import { resolvePaths } from '../../paths.ts'
import { AgentLife } from './agent-life.ts'
import { type AgentRecordOnDisk, readRecord, recordFile, writeRecord } from './record.ts'

const RECORD: AgentRecordOnDisk = {
  wanted: true,
  failed: false,
  launchId: 'l1',
  launchedAs: { runtime: 'stub', model: null, workingDirectory: '/tmp', argv: [] },
  deathsMs: [1, 2],
  lastExit: 'signal 9',
  resumes: true,
}

async function world() {
  const home = await tempHome()
  const paths = resolvePaths({ env: home.env })
  mkdirSync(paths.run, { recursive: true })
  return { home, paths, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() }
}

describe('the record of the supervisor', () => {
  it('is read back as it was written, and is private', async () => {
    await using it = await world()
    expect(readRecord(it.paths).agents).toEqual({})
    writeRecord(it.paths, { version: 1, agents: { coder0: RECORD } })
    expect(readRecord(it.paths)).toEqual({ version: 1, agents: { coder0: RECORD } })
    expect(statSync(recordFile(it.paths)).mode & 0o777).toBe(0o600)
  })

  it.each([
    '',
    '{',
    'null',
    '[]',
    '5',
    '{"version":2,"agents":{}}',
    '{"version":1}',
    '{"version":1,"agents":null}',
    '{"version":1,"agents":5}',
  ])('is empty when %j stands in its place', async (text) => {
    await using it = await world()
    writeFileSync(recordFile(it.paths), text)
    expect(readRecord(it.paths)).toEqual({ version: 1, agents: {} })
  })

  it.each([null, 5, 'x', [], {}, { ...RECORD, deathsMs: 'x' }, { ...RECORD, wanted: 'yes' }, { ...RECORD, launchId: 5 }])(
    'knows nothing of an agent of which it says %j',
    async (entry) => {
      await using it = await world()
      writeFileSync(recordFile(it.paths), JSON.stringify({ version: 1, agents: { coder0: entry, coder1: RECORD } }))
      const { agents } = readRecord(it.paths)
      expect(agents['coder0']).toBeUndefined()
      expect(agents['coder1']).toEqual(RECORD)
    },
  )

  it('is read with the settings of a launch and, as an earlier version wrote it, without', async () => {
    await using it = await world()
    const launchedAs = { runtime: 'stub', model: null, workingDirectory: '/tmp', argv: [], yolo: true, effort: 'max', env: { A: '1' } }
    const agents = { now: { ...RECORD, launchedAs }, earlier: RECORD, bent: { ...RECORD, launchedAs: { ...launchedAs, env: 5 } } }
    writeFileSync(recordFile(it.paths), JSON.stringify({ version: 1, agents }))
    expect({ ...readRecord(it.paths).agents }).toEqual({ now: agents.now, earlier: RECORD })
  })

  it('takes no agent for known because of its name', async () => {
    await using it = await world()
    for (const write of [false, true]) {
      if (write) writeRecord(it.paths, { version: 1, agents: {} })
      for (const name of ['constructor', 'toString', '__proto__', 'valueOf']) expect(readRecord(it.paths).agents[name]).toBeUndefined()
    }
    const lives = ['constructor', '__proto__'].map((name) => AgentLife.fromRecord(name, RECORD))
    writeRecord(it.paths, { version: 1, agents: Object.fromEntries(lives.map((life) => [life.name, life.toRecord()])) })
    expect(Object.entries(readRecord(it.paths).agents)).toEqual(lives.map((life) => [life.name, RECORD]))
  })

  it('follows no link and waits at no FIFO', async () => {
    await using it = await world()
    const elsewhere = join(it.home.root, 'elsewhere')
    writeFileSync(elsewhere, JSON.stringify({ version: 1, agents: { coder0: RECORD } }))
    symlinkSync(elsewhere, recordFile(it.paths))
    expect(readRecord(it.paths).agents['coder0']).toBeUndefined()
    rmSync(recordFile(it.paths))
    execFileSync('mkfifo', [recordFile(it.paths)])
    expect(readRecord(it.paths).agents['coder0']).toBeUndefined()
    writeRecord(it.paths, { version: 1, agents: { coder0: RECORD } })
    expect(readRecord(it.paths).agents['coder0']).toEqual(RECORD)
  })
})
