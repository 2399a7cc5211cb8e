import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startPaneAgent } from './fake-agent/in-tmux.ts'
import { eventuallyDead, freeze, fullDisk, killNine } from './faults.ts'
import type { Freezer } from './freeze.ts'
import { isAlive, processFacts } from './processes.ts'
import { tempHome } from './temp-home.ts'
import { until } from './until.ts'

const ticksOf = (pid: number): number => processFacts(pid)?.ticks ?? -1
const spin = () => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' })

/** Lets the machine run until `pid` used so many clock ticks of processor time more. */
async function letRun(pid: number, ticks: number): Promise<void> {
  const from = ticksOf(pid)
  await until(() => ticksOf(pid) >= from + ticks, { what: `process ${pid} to use its processor` })
}

describe.each(['v1', 'v2'] as Freezer[])('freezing by cgroup %s', (by) => {
  test('a spinning process stops using the processor, and goes on after the thaw', async () => {
    const [child, witness] = [spin(), spin()]
    const [pid, other] = [child.pid ?? 0, witness.pid ?? 0]
    await letRun(pid, 3)
    {
      await using frozen = await freeze(pid, { by })
      expect(frozen.by).toBe(by)
      const before = ticksOf(pid)
      await letRun(other, 20)
      expect(ticksOf(pid)).toBe(before)
      await frozen.thaw()
      await letRun(pid, 3)
    }
    killNine(pid)
    killNine(other)
    await Promise.all([once(child, 'close'), once(witness, 'close')])
  })

  test('a pane stays frozen where a stopped one is woken, and answers again after the thaw', async () => {
    await using home = await tempHome({ heartbeatInterval: 0.02 })
    const agent = await startPaneAgent(home, { modes: ['cooperative'] })
    await agent.logged('ready')
    process.kill(agent.pid, 'SIGSTOP')
    // tmux continues a stopped pane leader: this is why a stop signal is no fault to test with.
    await until(() => agent.paste('awake').then(() => agent.submits().length > 0))
    const frozen = await freeze(agent.pid, { by })
    const before = [readFileSync(agent.env.MOSAIC_HEARTBEAT_FILE, 'utf8'), agent.log().length, agent.submits().length]
    process.kill(agent.pid, 'SIGSTOP')
    process.kill(agent.pid, 'SIGCONT')
    await agent.paste('asleep')
    const witness = spin()
    await letRun(witness.pid ?? 0, 20)
    witness.kill('SIGKILL')
    expect([readFileSync(agent.env.MOSAIC_HEARTBEAT_FILE, 'utf8'), agent.log().length, agent.submits().length]).toEqual(before)
    await frozen.thaw()
    await until(() => agent.submits().some((submit) => submit.text === 'asleep'))
  })

  test('nothing of it is left behind, whether the process lives or dies meanwhile', async () => {
    const groups = () =>
      [by === 'v1' ? '/sys/fs/cgroup/freezer' : undefined, '/sys/fs/cgroup/unified', '/sys/fs/cgroup'].flatMap((root) =>
        root !== undefined && existsSync(root) ? readdirSync(root).filter((name) => name.includes(`-${process.pid}-`)) : [],
      )
    const child = spin()
    const pid = child.pid ?? 0
    const place = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
    const first = await freeze(pid, { by })
    expect(groups()).toHaveLength(1)
    await first.thaw()
    await first.thaw()
    expect(readFileSync(`/proc/${pid}/cgroup`, 'utf8')).toBe(place)
    const second = await freeze(pid, { by })
    killNine(pid)
    // v1 keeps a killed process until it is thawed, v2 lets it die.
    if (by === 'v2') await eventuallyDead(pid)
    else expect(isAlive(pid)).toBe(true)
    await second.thaw()
    await eventuallyDead(pid)
    expect(groups()).toEqual([])
    await expect(freeze(pid, { by })).rejects.toThrow(`no process ${pid} to freeze`)
  })

  test('a tree is frozen without those of it that have ended since it was looked at', async () => {
    const [root, ended] = [spin(), spin()]
    const [pid, gone] = [root.pid ?? 0, ended.pid ?? 0]
    killNine(gone)
    await once(ended, 'close')
    const frozen = await freeze([pid, gone], { by })
    killNine(pid)
    await frozen.thaw()
    await eventuallyDead(pid)
    await expect(freeze([gone, process.pid], { by })).rejects.toThrow(`no process ${gone} to freeze`)
  })
})

test('what a killed test left frozen is thawed by the next freeze', async () => {
  const child = spin()
  const pid = child.pid ?? 0
  const source = `import { freeze } from ${JSON.stringify(join(import.meta.dirname, 'faults.ts'))}; await freeze(${pid}); process.kill(process.pid, 'SIGKILL')`
  const test = spawn(process.execPath, ['--input-type=module-typescript', '-e', source], { stdio: 'inherit' })
  await once(test, 'close')
  const other = spin()
  await using frozen = await freeze(other.pid ?? 0)
  expect(frozen).toBeDefined()
  await letRun(pid, 3)
  killNine(pid)
  await frozen.thaw()
  killNine(other.pid ?? 0)
  await Promise.all([once(child, 'close'), once(other, 'close')])
})

describe('killing', () => {
  test('SIGKILL ends one process, and says whether there was one', async () => {
    const child = spin()
    const pid = child.pid ?? 0
    expect(killNine(pid)).toBe(true)
    await once(child, 'close')
    await eventuallyDead(pid)
    expect(killNine(pid)).toBe(false)
    for (const group of [0, -1, 1, 1.5]) expect(() => killNine(group)).toThrow(/not the id of one process/)
  })

  test('waiting for a death that does not come fails with the process named', async () => {
    await expect(eventuallyDead(process.pid, { withinMs: 1 })).rejects.toThrow(`the end of process ${process.pid}`)
  })
})

describe('a full disk', () => {
  test('writes fail with ENOSPC until space is given back, and the directory is gone at the end', async () => {
    const disk = await fullDisk()
    const file = join(disk.directory, 'file')
    writeFileSync(file, 'fits')
    disk.fill()
    expect(() => writeFileSync(join(disk.directory, 'more'), 'x'.repeat(5000))).toThrow(/ENOSPC/)
    expect(() => writeFileSync(file, 'x'.repeat(5000), { flag: 'a' })).toThrow(/ENOSPC/)
    disk.relieve()
    writeFileSync(file, 'x'.repeat(5000))
    await disk[Symbol.asyncDispose]()
    expect(existsSync(disk.directory)).toBe(false)
  })

  test('an existing directory gets its own files back', async () => {
    await using home = await tempHome()
    writeFileSync(join(home.mosaicHome, 'kept'), 'kept')
    {
      await using disk = await fullDisk({ at: home.mosaicHome, sizeKiB: 16 })
      expect(readdirSync(disk.directory)).toEqual([])
      disk.fill()
    }
    expect(readdirSync(home.mosaicHome)).toEqual(['kept'])
  })
})
