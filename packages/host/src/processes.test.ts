import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { killNine } from '@mosaic/testkit/faults'
import { nodeProgram } from '@mosaic/testkit/node-program'
import { tempHome } from '@mosaic/testkit/temp-home'
import { until } from '@mosaic/testkit/until'
import { afterEach, describe, expect, it } from 'vitest'
import { argvOf, childrenOf, isRunning, processesWith, signalProcess, startTicksOf, stateOf, treeOf } from './processes.ts'

const started: ChildProcess[] = []

/** A process that sleeps until the test is over. */
function start(program: string, args: readonly string[], options: { argv0?: string; env?: Record<string, string> } = {}): number {
  const child = spawn(program, args, { stdio: 'ignore', ...options })
  started.push(child)
  return child.pid as number
}

/** A pid that was just given back. */
async function gonePid(): Promise<number> {
  const pid = start('true', [])
  await until(() => stateOf(pid) === undefined, { what: 'the end of true' })
  return pid
}

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

describe('looking at processes', () => {
  it('reads argv as it was given: spaces, newlines, empty words, any script', async () => {
    const words = ['-c', 'sleep 300; :', 'a b', '', 'x\ny', '漢字 🎉', '']
    const pid = start('sh', words, { argv0: 'my shell\n' })
    await until(() => childrenOf(pid).length === 1, { what: 'the child of sh' })
    expect(argvOf(pid)).toEqual(['my shell\n', ...words])
    for (const child of childrenOf(pid)) killNine(child)
  })

  it('says of a pid that is gone that it is gone', async () => {
    const pid = await gonePid()
    expect(argvOf(pid)).toBeUndefined()
    expect(startTicksOf(pid)).toBeUndefined()
    expect(stateOf(pid)).toBeUndefined()
    expect(isRunning(pid)).toBe(false)
    expect(childrenOf(pid)).toEqual([])
    expect(treeOf(pid)).toEqual([pid])
    expect(() => signalProcess(pid, 'SIGTERM')).not.toThrow()
  })

  it('does not take a zombie for a running process', async () => {
    // The sleep that the shell becomes never asks for its child.
    const parent = start('sh', ['-c', 'true & exec sleep 300'])
    const zombie = await until(() => childrenOf(parent).find((pid) => stateOf(pid) === 'Z'), { what: 'a zombie' })
    expect(isRunning(zombie)).toBe(false)
    expect(argvOf(zombie)).toBeUndefined()
    expect(isRunning(parent)).toBe(true)
  })

  it('takes a stopped process for a running one', async () => {
    const pid = start('sleep', ['300'])
    signalProcess(pid, 'SIGSTOP')
    await until(() => stateOf(pid) === 'T', { what: 'the stop' })
    expect(isRunning(pid)).toBe(true)
  })

  it('is not misled by a program name with parentheses, spaces and letters of states', async () => {
    await using home = await tempHome()
    const program = join(home.root, 'a) Z 1 (b')
    copyFileSync('/bin/sleep', program)
    const pid = start(program, ['300'])
    await until(() => stateOf(pid) === 'S', { what: 'a sleep by that name' })
    expect(startTicksOf(pid)).toMatch(/^\d+$/)
    expect(Number(startTicksOf(pid))).toBeGreaterThanOrEqual(Number(startTicksOf(process.pid)))
    expect(isRunning(pid)).toBe(true)
  })
})

describe('families of processes', () => {
  it('hold children, grandchildren, and nobody else', async () => {
    const stranger = start('sleep', ['300'])
    const parent = start('sh', ['-c', 'sh -c "sleep 300; :" & sleep 300; :'])
    const tree = await until(() => (treeOf(parent).length === 4 ? treeOf(parent) : undefined), { what: 'the family' })
    expect(tree[0]).toBe(parent)
    expect(tree).not.toContain(stranger)
    for (const pid of tree.slice(1)) killNine(pid)
  })

  it('hold what another thread than the first has started', async () => {
    const worker = `const { spawn } = require('node:child_process'); spawn('sleep', ['300']); setInterval(() => {}, 1000)`
    await using program = nodeProgram(
      `import { Worker } from 'node:worker_threads'
       new Worker(${JSON.stringify(worker)}, { eval: true, execArgv: [] })`,
    )
    const child = await until(() => treeOf(program.pid).find((pid) => argvOf(pid)?.[0] === 'sleep'), {
      what: 'the child of a worker thread',
    })
    killNine(child)
  })

  it('are cut off at the limit', async () => {
    const parent = start('sh', ['-c', 'for i in 1 2 3 4 5 6; do sleep 300 & done; wait'])
    const family = await until(() => (treeOf(parent).length === 7 ? treeOf(parent) : undefined), { what: 'six children' })
    expect(treeOf(parent, 3)).toHaveLength(3)
    for (const pid of family.slice(1)) killNine(pid)
  })
})

describe('processes known by an entry of their environment', () => {
  it('are found by exactly that entry, wherever it stands', async () => {
    const launch = `test-${process.pid}-${performance.now()}`
    const entry = `MOSAIC_LAUNCH_ID=${launch}`
    const withEnv = (env: Record<string, string>) => start('/bin/sleep', ['300'], { env })
    const mine = [
      withEnv({ MOSAIC_LAUNCH_ID: launch }),
      withEnv({ MOSAIC_LAUNCH_ID: launch, Z: '1' }),
      withEnv({ A: '1', MOSAIC_LAUNCH_ID: launch }),
    ]
    const others = [
      withEnv({ MOSAIC_LAUNCH_ID: `${launch}x` }),
      withEnv({ XMOSAIC_LAUNCH_ID: launch }),
      withEnv({ OTHER: entry }),
      withEnv({ OTHER: `a\n${entry}\n` }),
    ]
    await until(() => [...mine, ...others].every((pid) => argvOf(pid)?.[0] === '/bin/sleep'), { what: 'the sleepers' })
    expect(processesWith(entry).sort()).toEqual([...mine].sort())
  })

  it('never include the one that asks', async () => {
    await using program = nodeProgram(
      `import { processesWith } from ${JSON.stringify(import.meta.resolve('./processes.ts'))}
       console.log('found ' + processesWith('LANG=C.UTF-8').includes(process.pid))`,
    )
    expect(await program.said('found')).toBe('found false')
  })
})
