import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { killNine } from '@mosaic/testkit/faults'
import { nodeProgram } from '@mosaic/testkit/node-program'
import { tempHome } from '@mosaic/testkit/temp-home'
import { until } from '@mosaic/testkit/until'
import { afterEach, describe, expect, it } from 'vitest'
import { argvOf, isRunning, startTicksOf, stateOf } from '../../processes.ts'
import { askToEnd, familyOf, type ProcessName, sweep } from './sweep.ts'

const started: ChildProcess[] = []
const strays: number[] = []

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
  for (const pid of strays.splice(0)) killNine(pid)
})

const newLaunch = () => `test-${randomBytes(6).toString('hex')}`

function start(script: string, env: Record<string, string> = {}): number {
  const child = spawn('/bin/sh', ['-c', script], { stdio: 'ignore', env: { PATH: '/usr/bin:/bin', ...env } })
  started.push(child)
  return child.pid as number
}

/** A process that sleeps, whatever it is asked. */
async function stubborn(env: Record<string, string> = {}): Promise<number> {
  // What is ignored stays ignored in the program that the shell becomes.
  const pid = start('trap "" TERM; exec sleep 300', env)
  await until(() => argvOf(pid)?.[0] === 'sleep', { what: 'the sleeper' })
  return pid
}

async function obedient(env: Record<string, string> = {}): Promise<number> {
  const pid = start('exec sleep 300', env)
  await until(() => argvOf(pid)?.[0] === 'sleep', { what: 'the sleeper' })
  return pid
}

const nameOf = (pid: number): ProcessName => ({ pid, startTicks: startTicksOf(pid) as string })

/** Waits for the pid that a script wrote. */
const pidIn = (file: string): Promise<number> =>
  until(() => existsSync(file) && Number(readFileSync(file, 'utf8').trim()), { what: `a pid in ${file}` })

describe('asking a process to end', () => {
  it('is enough for one that listens, and is not for one that does not', async () => {
    const [good, bad] = [await obedient(), await stubborn()]
    expect(await askToEnd(nameOf(good), 20_000)).toBe(true)
    expect(isRunning(good)).toBe(false)
    expect(await askToEnd(nameOf(bad), 100)).toBe(false)
    expect(isRunning(bad)).toBe(true)
  })

  it('never reaches another process that has the pid by now', async () => {
    const pid = await obedient()
    expect(await askToEnd({ pid, startTicks: '1' }, 20_000)).toBe(true)
    expect(familyOf({ pid, startTicks: '1' })).toEqual([])
    expect(isRunning(pid)).toBe(true)
    expect(stateOf(pid)).toMatch(/[SRD]/)
  })
})

describe('sweeping up after an incarnation', () => {
  it('has nothing to do where nothing is left', async () => {
    expect(await sweep(newLaunch(), [])).toBe(0)
  })

  it('ends what listens with SIGTERM and kills what does not, each counted once', async () => {
    const launch = newLaunch()
    const env = { MOSAIC_LAUNCH_ID: launch }
    const [good, bad] = [await obedient(env), await stubborn(env)]
    // Known twice: by its parent and by its environment.
    expect(await sweep(launch, [good, bad].map(nameOf))).toBe(1)
    expect([isRunning(good), isRunning(bad)]).toEqual([false, false])
  })

  it('finds a daemon that left its session and its parent', async () => {
    await using home = await tempHome()
    const launch = newLaunch()
    const file = join(home.root, 'pid')
    const daemon = `trap "" TERM HUP; echo $$ > ${file}; exec sleep 300`
    start(`setsid sh -c '(setsid sh -c "$0" &)' '${daemon}'`, { MOSAIC_LAUNCH_ID: launch })
    const pid = await pidIn(file)
    strays.push(pid)
    await until(() => argvOf(pid)?.[0] === 'sleep', { what: 'the daemon' })
    expect(await sweep(launch, [])).toBe(1)
    expect(isRunning(pid)).toBe(false)
  })

  it('spares this process and what it started, although an ancestor is swept', async () => {
    const child = await obedient()
    const family = familyOf(nameOf(process.ppid)).map(({ pid }) => pid)
    expect(family).toContain(process.ppid)
    expect(family).not.toContain(process.pid)
    expect(family).not.toContain(child)
  })

  it('ends a child that hid its environment, when the family is known', async () => {
    await using home = await tempHome()
    const file = join(home.root, 'pid')
    const launch = newLaunch()
    const parent = start(`env -i /bin/sh -c 'trap "" TERM; echo $$ > ${file}; exec /bin/sleep 300' & wait`, { MOSAIC_LAUNCH_ID: launch })
    const child = await pidIn(file)
    strays.push(child)
    await until(() => argvOf(child)?.[0] === '/bin/sleep', { what: 'the child' })
    const family = familyOf(nameOf(parent))
    expect(family.map(({ pid }) => pid)).toContain(child)
    killNine(parent)
    await sweep(launch, family)
    expect([isRunning(parent), isRunning(child)]).toEqual([false, false])
  })

  it('ends a stopped process', async () => {
    const launch = newLaunch()
    const pid = await obedient({ MOSAIC_LAUNCH_ID: launch })
    process.kill(pid, 'SIGSTOP')
    await until(() => stateOf(pid) === 'T', { what: 'the stop' })
    expect(await sweep(launch, [])).toBe(1)
    expect(isRunning(pid)).toBe(false)
  })

  it('ends what a process starts because it was asked to end', async () => {
    await using home = await tempHome()
    const file = join(home.root, 'pid')
    const launch = newLaunch()
    const pid = start(`trap 'sleep 300 & echo $! > ${file}; exit' TERM; echo up > ${file}.up; while :; do sleep 0.05; done`, {
      MOSAIC_LAUNCH_ID: launch,
    })
    await until(() => existsSync(`${file}.up`), { what: 'the trap' })
    await sweep(launch, [])
    const late = Number(readFileSync(file, 'utf8'))
    strays.push(late)
    expect([isRunning(pid), isRunning(late)]).toEqual([false, false])
  })

  it('touches nobody else: no neighbour with a similar launch, no former owner of a pid, not itself', async () => {
    const launch = newLaunch()
    const others = [
      await obedient({ MOSAIC_LAUNCH_ID: `${launch}x` }),
      await obedient({ MOSAIC_LAUNCH_ID: launch.slice(0, -1) }),
      await obedient({ NOT_MOSAIC_LAUNCH_ID: launch }),
      await obedient(),
    ]
    const mine = await stubborn({ MOSAIC_LAUNCH_ID: launch })
    const outdated = others.map((pid) => ({ pid, startTicks: '1' }))
    await using sweeper = nodeProgram(
      `import { sweep } from ${JSON.stringify(import.meta.resolve('./sweep.ts'))}
       console.log('killed ' + await sweep(process.argv[1], JSON.parse(process.argv[2])))`,
      { args: [launch, JSON.stringify(outdated)], env: { MOSAIC_LAUNCH_ID: launch } },
    )
    expect(await sweeper.said('killed')).toBe('killed 1')
    expect(isRunning(mine)).toBe(false)
    for (const other of others) expect(stateOf(other)).toMatch(/[SRD]/)
  })
})
