import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { eventuallyDead, killNine } from '@mosaic/testkit/faults'
import { environmentOf } from '@mosaic/testkit/processes'
import { tempHome } from '@mosaic/testkit/temp-home'
import { until } from '@mosaic/testkit/until'
import { describe, expect, it } from 'vitest'
import { makeDirectories } from '../files/tenant-directories.ts'
import { placesOf, resolvePaths } from '../paths.ts'
import { ensureService, serviceLogFile } from './start.ts'

async function world(roster: (socket: string) => string = (socket) => `version: 1\ntmux: {socket_name: ${socket}}\nagents: []\n`) {
  const home = await tempHome()
  const paths = resolvePaths({ env: home.env })
  mkdirSync(paths.fleet, { recursive: true })
  writeFileSync(paths.roster, roster(home.tmuxSocket))
  return { home, paths, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() }
}

describe('starting the host service', () => {
  it('ends with one service, however many start it at once, and again after its kill', async () => {
    await using it = await world()
    let before = 0
    for (let round = 0; round < 2; round += 1) {
      const clients = await Promise.all([1, 2, 3, 4].map(() => ensureService(it.paths, { env: it.home.env })))
      const pids = new Set((await Promise.all(clients.map((client) => client.status()))).map(({ pid }) => pid))
      for (const client of clients) await client[Symbol.asyncDispose]()
      expect(pids.size).toBe(1)
      const [pid = 0] = pids
      expect(pid).not.toBe(before)
      before = pid
      killNine(pid)
      // Its last thread still answers the door for a moment.
      await until(() => !existsSync(`/proc/${pid}`), { what: 'the end of the service with all its threads' })
    }
  })

  it('from within a pane makes no part of that agent of it', async () => {
    await using it = await world()
    const agent = {
      MOSAIC_AGENT: 'coder0',
      MOSAIC_LAUNCH_ID: 'l1',
      MOSAIC_JOURNAL: '/j',
      MOSAIC_ALIVE: '/a',
      TMUX: '/t,1,1',
      TMUX_PANE: '%1',
    }
    const said: string[] = []
    await using client = await ensureService(it.paths, { env: { ...it.home.env, ...agent }, onProgress: (text) => said.push(text) })
    const { pid } = await client.status()
    const names = environmentOf(pid).map((entry) => entry.split('=')[0])
    expect(names.filter((name) => name !== undefined && name in agent)).toEqual([])
    expect(environmentOf(pid)).toContain(`MOSAIC_HOME=${it.paths.home}`)
    expect(said).toEqual(['starting the host service'])
    expect(statSync(it.paths.serviceSocket).mode & 0o777).toBe(0o600)
    expect(statSync(serviceLogFile(it.paths)).mode & 0o777).toBe(0o600)
  })

  it.each<[string, (file: string) => void]>([
    ['a FIFO', (file) => execFileSync('mkfifo', [file])],
    ['a directory', (file) => mkdirSync(file)],
    ['a link', (file) => symlinkSync('elsewhere', file)],
  ])('goes on without a log where %s has its place, says so, and uses it again once it is mended', async (_, plant) => {
    await using it = await world()
    makeDirectories(it.paths)
    const file = serviceLogFile(it.paths)
    plant(file)
    const said: string[] = []
    await using client = await ensureService(it.paths, { env: it.home.env, onNote: (text) => said.push(text) })
    const { pid } = await client.status()
    expect(said.join('\n')).toContain(`the log ${file} cannot be written`)
    rmSync(file, { recursive: true })
    process.kill(pid, 'SIGTERM')
    await eventuallyDead(pid)
    expect(readFileSync(file, 'utf8')).toContain('the host service ends: SIGTERM')
  })

  it('whose lock or socket is something else fails at once, with how to mend it', async () => {
    await using it = await world()
    makeDirectories(it.paths)
    const { serviceLock, serviceSocket } = it.paths
    for (const [path, plant] of [
      [serviceLock, () => execFileSync('mkfifo', [serviceLock])],
      [serviceSocket, () => mkdirSync(`${serviceSocket}/deep`, { recursive: true })],
    ] as const) {
      plant()
      const failure = await ensureService(it.paths, { env: it.home.env }).catch((error: unknown) => error)
      expect(failure).toMatchObject({ code: 'not_done', message: expect.stringContaining(`mend: move it away`) })
      expect((failure as Error).message).toContain(`mv ${path} ${path}.bad`)
      expect((failure as Error).message).not.toMatch(/SQL|EISDIR|database|node:/)
      rmSync(path, { recursive: true })
    }
    await using client = await ensureService(it.paths, { env: it.home.env })
    expect((await client.status()).pid).toBeGreaterThan(0)
  })

  it('looks for its files where the one who starts it does, although places were named from there', async () => {
    await using it = await world()
    const relativeTo = (path: string) => relative(process.cwd(), path)
    const named = { MOSAIC_HOME: relativeTo(it.paths.home), MOSAIC_HEARTBEAT_RUN_DIR: relativeTo(join(it.home.root, 'operators-run')) }
    const env = { ...it.home.env, ...named, MOSAIC_ROSTER: relativeTo(it.paths.roster) }
    const paths = resolvePaths({ env })
    expect(paths.run).toBe(join(it.home.root, 'operators-run'))
    await using client = await ensureService(paths, { env })
    const { pid, socket } = await client.status()
    expect(socket).toBe(paths.serviceSocket)
    expect(environmentOf(pid)).toEqual(expect.arrayContaining(Object.entries(placesOf(paths)).map(([key, value]) => `${key}=${value}`)))
  })

  it('that cannot come up says why, in its own words', async () => {
    await using it = await world(() => 'version: 1\nagents:\n  - name: a.b\n    runtime: stub\n')
    const failure = ensureService(it.paths, { env: it.home.env })
    await expect(failure).rejects.toMatchObject({
      code: 'not_done',
      reason: 'observer_down',
      where: serviceLogFile(it.paths),
      message: expect.stringContaining('a dot or a colon'),
    })
    expect(readFileSync(serviceLogFile(it.paths), 'utf8')).toContain('a dot or a colon')
  })
})

describe('the directories of a tenant', () => {
  it('are private', async () => {
    await using it = await world()
    rmSync(it.paths.fleet, { recursive: true })
    makeDirectories(it.paths)
    makeDirectories(it.paths)
    for (const directory of [it.paths.run, it.paths.agents, it.paths.spool, it.paths.log, it.paths.state, it.paths.sockets]) {
      expect(statSync(directory).mode & 0o777).toBe(0o700)
    }
  })

  it('are refused for sockets where somebody else planted them', async (context) => {
    await using home = await tempHome({ env: { MOSAIC_HOME: `/tmp/mf-${'x'.repeat(90)}-${process.pid}` } })
    const paths = resolvePaths({ env: home.env })
    const refused = expect.objectContaining({ code: 'refused' })
    const own = join(home.root, 'own')
    mkdirSync(own)
    try {
      expect(paths.sockets.startsWith('/tmp/mosaic-')).toBe(true)
      symlinkSync(own, paths.sockets)
      expect(() => makeDirectories(paths)).toThrow(refused)
      rmSync(paths.sockets)
      if (process.getuid?.() !== 0) context.skip('only root can make a directory of another user')
      mkdirSync(paths.sockets)
      chownSync(paths.sockets, 54_321, 54_321)
      expect(() => makeDirectories(paths)).toThrow(refused)
    } finally {
      for (const path of [paths.sockets, paths.home]) rmSync(path, { recursive: true, force: true })
    }
  })
})
