import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { eventuallyDead } from './faults.ts'
import { isAlive } from './processes.ts'
import { tempHome } from './temp-home.ts'
import { until } from './until.ts'

const STUBBORN = "process.on('SIGTERM', () => {}); process.on('SIGHUP', () => {}); setInterval(() => {}, 1000); console.log('up')"

/** A detached process that nothing but SIGKILL ends, once it is so far. */
async function stubborn(env: Record<string, string>): Promise<number> {
  const child = spawn(process.execPath, ['-e', STUBBORN], { env, detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
  await new Promise((resolve) => child.stdout.once('data', resolve))
  return child.pid ?? expect.unreachable('no process')
}

describe('a temporary home', () => {
  test('its environment is minimal, its paths are short, and our Node is first on its PATH', async () => {
    process.env['SECRET_OF_THE_CALLER'] = 'x'
    await using home = await tempHome({ env: { EXTRA: 'yes' } })
    const { stdout } = await promisify(execFile)('env', ['-0'], { env: home.env })
    const names = stdout.split('\0').map((entry) => entry.split('=')[0])
    expect(new Set(names)).toEqual(new Set(['PATH', 'HOME', 'MOSAIC_HOME', 'LANG', 'MOSAIC_HEARTBEAT_INTERVAL', 'EXTRA', '']))
    expect((await promisify(execFile)('node', ['--version'], { env: home.env })).stdout.trim()).toBe(process.version)
    const longest = join(home.mosaicHome, 'fleet', 'run', `${'n'.repeat(64)}.link`)
    expect(Buffer.byteLength(longest)).toBeLessThanOrEqual(100)
    delete process.env['SECRET_OF_THE_CALLER']
  })

  test('at its end every process, socket and file of it is gone, and a neighbour is not touched', async () => {
    await using neighbour = await tempHome()
    const other = await stubborn(neighbour.env)
    const home = await tempHome()
    const mine = [await stubborn(home.env), await stubborn({ ...home.env, MOSAIC_HOME: '/nowhere' })]
    await home.tmux('new-session', '-d', '-s', 'a', process.execPath, '-e', STUBBORN)
    mine.push(Number(await home.tmux('list-panes', '-a', '-F', '#{pane_pid}')), Number(await home.tmux('display-message', '-p', '#{pid}')))
    const server = createServer().listen(join(home.mosaicHome, 'x.sock'))
    await until(() => home.leftovers().sockets.length === 2)
    expect(home.leftovers()).toMatchObject({ sockets: [{ alive: true }, { alive: true }] })
    expect(new Set(home.leftovers().processes.map(({ pid }) => pid))).toEqual(new Set(mine))

    await home[Symbol.asyncDispose]()
    for (const pid of mine) expect(isAlive(pid)).toBe(false)
    expect([existsSync(home.root), existsSync(home.tmuxSocketPath)]).toEqual([false, false])
    expect(isAlive(other)).toBe(true)
    expect(neighbour.leftovers().processes.map(({ pid }) => pid)).toEqual([other])
    server.close()
  })

  test('a home that was left clean has no leftovers, and can be ended twice', async () => {
    const home = await tempHome()
    expect(home.leftovers()).toEqual({ processes: [], sockets: [] })
    await home[Symbol.asyncDispose]()
    await home[Symbol.asyncDispose]()
  })

  test('the socket of a tmux server that was killed is a leftover, but not alive', async () => {
    await using home = await tempHome()
    await home.tmux('new-session', '-d', '-s', 'a', 'cat')
    const pid = Number(await home.tmux('display-message', '-p', '#{pid}'))
    process.kill(pid, 'SIGKILL')
    await eventuallyDead(pid)
    await until(() => home.leftovers().processes.length === 0)
    expect(home.leftovers().sockets).toEqual([{ path: home.tmuxSocketPath, alive: false }])
  })

  test("with a tmux directory of its own, the default socket is the home's too", async () => {
    const home = await tempHome({ ownTmuxDirectory: true })
    await promisify(execFile)('tmux', ['new-session', '-d', '-s', 'a', 'cat'], { env: home.env })
    expect(home.leftovers().sockets).toEqual([{ path: expect.stringMatching(new RegExp(`^${home.root}/.*/default$`)), alive: true }])
    const [first] = home.leftovers().processes
    await home[Symbol.asyncDispose]()
    await eventuallyDead(first?.pid ?? expect.unreachable('no process'))
  })
})
