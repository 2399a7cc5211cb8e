import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FleetError } from '@mosaic/domain/error'
import { fullDisk } from '@mosaic/testkit/faults'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, it } from 'vitest'
import { type MosaicPaths, resolvePaths } from './paths.ts'
import { CurrentRoster, rosterInForce } from './roster-in-force.ts'

const MACHINE = { tenantId: 't', host: 'h', homeDirectory: '/home/x', heartbeatIntervalMs: undefined }
const roster = (...names: string[]) => `version: 1\nagents:\n${names.map((name) => `  - name: ${name}\n    runtime: stub\n`).join('')}`
const namesOf = (found: { fleet: { agents: readonly { name: string }[] } }) => found.fleet.agents.map(({ name }) => name)
const lastGood = (paths: MosaicPaths) => join(paths.run, 'roster.last-good.json')

async function world() {
  const home = await tempHome()
  const paths = resolvePaths({ env: home.env })
  mkdirSync(paths.run, { recursive: true })
  const write = (text: string) => writeFileSync(paths.roster, text)
  return { paths, write, read: () => rosterInForce(paths, MACHINE), [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() }
}

describe('the roster in force', () => {
  it('is the one on disk while that is good', async () => {
    await using it = await world()
    it.write(roster('a', 'b'))
    expect(it.read()).toMatchObject({ problem: null })
    expect(namesOf(it.read())).toEqual(['a', 'b'])
  })

  it('stays the current one, with the problem told, while the file is faulty, absent, or no file', async () => {
    await using it = await world()
    it.write(roster('a'))
    const { fleet } = it.read()
    const now = () => rosterInForce(it.paths, MACHINE, fleet)
    it.write('version: 1\nagents:\n  - name: a.b\n    runtime: stub\n')
    expect(now().fleet).toBe(fleet)
    expect(now().problem).toContain('a dot or a colon')
    rmSync(it.paths.roster)
    expect(now()).toMatchObject({ fleet, problem: expect.any(String) })
    mkdirSync(it.paths.roster)
    expect(now()).toMatchObject({ fleet, problem: expect.any(String) })
  })

  it('is the last good one for a service that starts on a faulty file', async () => {
    await using it = await world()
    it.write(roster('a', 'b'))
    it.read()
    it.write('{{{')
    const found = it.read()
    expect(namesOf(found)).toEqual(['a', 'b'])
    expect(found.problem).toEqual(expect.any(String))
    // A faulty one is never remembered as good.
    expect(namesOf(it.read())).toEqual(['a', 'b'])
  })

  it('is an error of the roster when there never was a good one', async () => {
    await using it = await world()
    it.write('version: 2\nagents: []\n')
    expect(it.read).toThrow(FleetError)
    expect(it.read).toThrow(/version/)
  })

  it.each(['', 'null', '[]', '{', '{"version":1}', '"x"', '{"version":1,"agents":[{"name":"../x","runtime":"stub"}]}'])(
    'does not take %j, which somebody left in its place, for the last good one',
    async (planted) => {
      await using it = await world()
      it.write('version: 2\nagents: []\n')
      writeFileSync(lastGood(it.paths), planted)
      expect(it.read).toThrow(FleetError)
      expect(it.read).toThrow(/version/)
    },
  )

  it('follows no link to a last good one', async () => {
    await using it = await world()
    it.write(roster('a'))
    it.read()
    const moved = join(it.paths.home, 'moved.json')
    writeFileSync(moved, readFileSync(lastGood(it.paths)))
    rmSync(lastGood(it.paths))
    symlinkSync(moved, lastGood(it.paths))
    it.write('{{{')
    expect(it.read).toThrow(FleetError)
  })

  it('holds although the disk is full', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can mount a small file system')
    await using disk = await fullDisk()
    const paths = resolvePaths({ env: { MOSAIC_HOME: disk.directory } })
    mkdirSync(paths.run, { recursive: true })
    writeFileSync(paths.roster, roster('a'))
    disk.fill()
    expect(namesOf(rosterInForce(paths, MACHINE))).toEqual(['a'])
  })

  it('makes no directory for who only looks', async () => {
    await using home = await tempHome()
    const paths = resolvePaths({ env: home.env, roster: join(home.root, 'r.yaml') })
    writeFileSync(paths.roster, roster('a'))
    expect(namesOf(rosterInForce(paths, MACHINE))).toEqual(['a'])
    expect(() => readFileSync(lastGood(paths))).toThrow()
  })
})

describe('the roster of a running fleet', () => {
  it('is read when its file has changed, and only then', async () => {
    await using it = await world()
    it.write(roster('a'))
    const current = new CurrentRoster(it.paths, MACHINE)
    expect(current.readIfChanged()).toBe(false)
    it.write(roster('a', 'b'))
    expect(current.readIfChanged()).toBe(true)
    expect(namesOf(current)).toEqual(['a', 'b'])
    expect(current.readIfChanged()).toBe(false)
  })

  it('stays the last good one while the file is faulty or gone, with the problem, until it is mended', async () => {
    await using it = await world()
    it.write(roster('a'))
    const current = new CurrentRoster(it.paths, MACHINE)
    for (const spoil of [() => it.write('version: 1\nagents: x\n'), () => rmSync(it.paths.roster)]) {
      spoil()
      expect(current.readIfChanged()).toBe(true)
      expect(current.problem).toEqual(expect.any(String))
      expect(namesOf(current)).toEqual(['a'])
      expect(current.readIfChanged()).toBe(false)
    }
    it.write(roster('b'))
    expect(current.readIfChanged()).toBe(true)
    expect([current.problem, namesOf(current)]).toEqual([null, ['b']])
  })

  it('cannot move the fleet to another socket, and says so', async () => {
    await using it = await world()
    it.write(roster('a'))
    const current = new CurrentRoster(it.paths, MACHINE)
    it.write(`${roster('a')}tmux: {socket_name: another}\n`)
    expect(() => current.read()).toThrow(/cannot change/)
    expect(current.readIfChanged()).toBe(false)
    expect([current.problem, current.fleet.socketName]).toEqual([expect.stringContaining('cannot change'), undefined])
  })
})
