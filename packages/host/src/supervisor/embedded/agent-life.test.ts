import { join } from 'node:path'
import { DEFAULT_RESTART_POLICY } from '@mosaic/domain/lifecycle'
import type { PaneState } from '@mosaic/domain/ports/session-host'
import { turn } from '@mosaic/testkit/fake-clock'
import { nodeProgram } from '@mosaic/testkit/node-program'
import { tempHome } from '@mosaic/testkit/temp-home'
import { until } from '@mosaic/testkit/until'
import { describe, expect, it } from 'vitest'
import { makeFifo } from '../../launch/death-watch.ts'
import { startTicksOf } from '../../processes.ts'
import { AgentLife, exitWords } from './agent-life.ts'

const PANE: PaneState = {
  session: 'coder0',
  sessionId: '$1',
  paneId: '%1',
  pid: process.pid,
  tty: '/dev/pts/1',
  alive: true,
  exitStatus: null,
  exitSignal: null,
  idleSeconds: 0,
  inCopyMode: false,
  width: 1,
  height: 1,
  currentCommand: 'x',
  title: '',
  mark: 'm',
}
const LAUNCHED = { runtime: 'stub', model: null, workingDirectory: '/tmp', argv: [] }
const POLICY = DEFAULT_RESTART_POLICY
const quick = { livedMs: 0, counts: true }

describe('the life of an agent', () => {
  it('tells in words how it ended', () => {
    expect(exitWords({ ...PANE, exitStatus: 3 })).toBe('exit 3')
    expect(exitWords({ ...PANE, exitStatus: 0 })).toBe('exit 0')
    expect(exitWords({ ...PANE, exitStatus: 0, exitSignal: 9 })).toBe('signal 9')
    expect(exitWords(PANE)).toBe('ended')
  })

  it('survives its supervisor with what is wanted and what failed', () => {
    const life = new AgentLife('coder0')
    life.wanted = true
    life.resumes = true
    life.beginIncarnation('l1', LAUNCHED)
    life.noteDeath('exit 1', 1_000, POLICY, quick)
    const again = AgentLife.fromRecord('coder0', JSON.parse(JSON.stringify(life.toRecord())))
    expect(again).toMatchObject({
      wanted: true,
      failed: false,
      state: 'down',
      launchId: 'l1',
      lastExit: 'exit 1',
      resumes: true,
      deathsMs: [1_000],
    })
    life.failed = true
    expect(AgentLife.fromRecord('coder0', life.toRecord()).state).toBe('failed')
  })

  it('does what it is asked one after the other, and is settled when all of it is done', async () => {
    const life = new AgentLife('coder0')
    const done: string[] = []
    const work = (name: string, then?: () => void) => async () => {
      await turn()
      done.push(name)
      then?.()
    }
    life.enqueue(work('first', () => life.enqueue(work('nested'))))
    life.enqueue(work('second'))
    await life.settled()
    expect(done).toEqual(['first', 'second', 'nested'])
    await new AgentLife('idle').settled()
  })

  it('counts deaths within the window, and restarts ever more slowly until a life was stable', () => {
    const life = new AgentLife('coder0')
    for (const at of [0, 10, 20]) life.noteDeath('exit 1', at, POLICY, quick)
    expect([life.deathsMs, life.consecutive]).toEqual([[0, 10, 20], 3])
    life.noteDeath('exit 1', 30, POLICY, { livedMs: POLICY.stableMs, counts: true })
    expect(life.consecutive).toBe(1)
    life.noteDeath('gone', 40, POLICY, { livedMs: 0, counts: false })
    expect([life.deathsMs, life.consecutive]).toEqual([[0, 10, 20, 30], 2])
    life.noteDeath('exit 1', POLICY.windowMs + 15, POLICY, quick)
    expect(life.deathsMs).toEqual([20, 30, POLICY.windowMs + 15])
  })

  it('does not count deaths of a time that is yet to come, as after the clock was set back', () => {
    const life = new AgentLife('coder0')
    for (const at of [1_000_000, 1_000_010]) life.noteDeath('exit 1', at, POLICY, quick)
    life.noteDeath('exit 1', 500, POLICY, quick)
    expect(life.deathsMs).toEqual([500])
  })

  it('knows its process by pid and start, and none that is gone', async () => {
    const life = new AgentLife('coder0')
    life.adoptPane(PANE, 5)
    expect(life).toMatchObject({ sessionId: '$1', upSinceMs: 5, process: { pid: process.pid, startTicks: startTicksOf(process.pid) } })
    await using gone = nodeProgram('')
    await gone.ended()
    life.adoptPane({ ...PANE, pid: gone.pid }, 6)
    expect(life.process).toBeUndefined()
    life.adoptPane(PANE, 7)
    life.endIncarnation('exit 2')
    expect([life.process, life.pid, life.sessionId, life.lastExit]).toEqual([undefined, undefined, undefined, 'exit 2'])
  })

  it('watches one FIFO at a time, and does without where there is none', async () => {
    await using home = await tempHome()
    const fifos = ['a', 'b'].map((name) => join(home.root, name)) as [string, string]
    for (const path of fifos) makeFifo(path)
    const life = new AgentLife('coder0')
    const ended: string[] = []
    life.watchDeath(join(home.root, 'absent'), () => ended.push('absent'))
    const holders = fifos.map((path) =>
      nodeProgram(
        `import { openSync } from 'node:fs'
         openSync(process.argv[1], 'r+'); console.log('holds'); setInterval(() => {}, 1000)`,
        { args: [path] },
      ),
    )
    try {
      for (const holder of holders) await holder.said('holds')
      for (const [index, path] of fifos.entries()) life.watchDeath(path, () => ended.push(`${index}`))
      for (const holder of holders) await holder.kill()
      await until(() => ended.length > 0, { what: 'the end' })
      expect(ended).toEqual(['1'])
    } finally {
      life.release()
      for (const holder of holders) await holder.kill()
    }
  })

  it('has one retry at most, and none once it is let go or its deaths are forgotten', () => {
    const life = new AgentLife('coder0')
    const cancelled: string[] = []
    for (const name of ['a', 'b']) life.setRetry(() => cancelled.push(name))
    expect(cancelled).toEqual(['a'])
    life.release()
    expect(cancelled).toContain('b')
    life.failed = true
    life.noteDeath('exit 1', 0, POLICY, quick)
    life.setRetry(() => cancelled.push('c'))
    life.forgetDeaths()
    expect(cancelled).toContain('c')
    expect(life).toMatchObject({ failed: false, deathsMs: [], consecutive: 0 })
  })
})
