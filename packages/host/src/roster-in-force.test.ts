import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FleetError } from '@mosaic/domain/error'
import { fullDisk } from '@mosaic/testkit/faults'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, it } from 'vitest'
import { type MosaicPaths, resolvePaths } from './paths.ts'
import { CurrentRoster, type LivesAt, rosterInForce } from './roster-in-force.ts'

const MACHINE = { tenantId: 't', host: 'h', homeDirectory: '/home/x', heartbeatIntervalMs: undefined }
const roster = (...names: string[]) => `version: 1\nagents:\n${names.map((name) => `  - name: ${name}\n    runtime: stub\n`).join('')}`
const onSocket = (socket: string, ...names: string[]) => `${roster(...names)}tmux: {socket_name: ${socket}}\n`
const namesOf = (found: { fleet: { agents: readonly { name: string }[] } }) => found.fleet.agents.map(({ name }) => name)
const lastGood = (paths: MosaicPaths) => join(paths.run, 'roster.last-good.json')

async function world() {
  const home = await tempHome()
  const paths = resolvePaths({ env: home.env })
  mkdirSync(paths.run, { recursive: true })
  const write = (text: string) => writeFileSync(paths.roster, text)
  return {
    paths,
    write,
    /** As a service that starts; `lives`: something of the fleet is where the last good roster has it. */
    open: (lives = true) => CurrentRoster.open(paths, MACHINE, async () => lives),
    see: (lives = true) => rosterInForce(paths, MACHINE, async () => lives),
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  }
}

describe('the roster in force', () => {
  it('is the one on disk while that is good', async () => {
    await using it = await world()
    it.write(roster('a', 'b'))
    expect(await it.see()).toMatchObject({ problem: null })
    expect(namesOf(await it.see())).toEqual(['a', 'b'])
  })

  it('is the last good one for a service that starts on a faulty file', async () => {
    await using it = await world()
    it.write(roster('a', 'b'))
    await it.open()
    it.write('{{{')
    for (const found of [await it.open(), await it.see(), await it.open()]) {
      expect(namesOf(found)).toEqual(['a', 'b'])
      // A faulty one is never remembered as good.
      expect(found.problem).toEqual(expect.any(String))
    }
  })

  it('is an error of the roster when there never was a good one', async () => {
    await using it = await world()
    it.write('version: 2\nagents: []\n')
    await expect(it.see()).rejects.toThrow(FleetError)
    await expect(it.open()).rejects.toThrow(/version/)
  })

  it.each(['', 'null', '[]', '{', '{"version":1}', '"x"', '{"version":1,"agents":[{"name":"../x","runtime":"stub"}]}'])(
    'does not take %j, which somebody left in its place, for the last good one',
    async (planted) => {
      await using it = await world()
      it.write('version: 2\nagents: []\n')
      writeFileSync(lastGood(it.paths), planted)
      await expect(it.open()).rejects.toThrow(FleetError)
      await expect(it.open()).rejects.toThrow(/version/)
    },
  )

  it('follows no link to a last good one', async () => {
    await using it = await world()
    it.write(roster('a'))
    await it.open()
    const moved = join(it.paths.home, 'moved.json')
    writeFileSync(moved, readFileSync(lastGood(it.paths)))
    rmSync(lastGood(it.paths))
    symlinkSync(moved, lastGood(it.paths))
    it.write('{{{')
    await expect(it.open()).rejects.toThrow(FleetError)
  })

  it('holds although the disk is full', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can mount a small file system')
    await using disk = await fullDisk()
    const paths = resolvePaths({ env: { MOSAIC_HOME: disk.directory } })
    mkdirSync(paths.run, { recursive: true })
    writeFileSync(paths.roster, roster('a'))
    disk.fill()
    expect(namesOf(await CurrentRoster.open(paths, MACHINE, async () => true))).toEqual(['a'])
  })

  it('is not written down by who only looks, and no directory is made', async () => {
    await using home = await tempHome()
    const paths = resolvePaths({ env: home.env, roster: join(home.root, 'r.yaml') })
    writeFileSync(paths.roster, roster('a'))
    expect(namesOf(await rosterInForce(paths, MACHINE, async () => true))).toEqual(['a'])
    expect(existsSync(paths.fleet)).toBe(false)
    await using it = await world()
    it.write(roster('a'))
    await it.see()
    expect(existsSync(lastGood(it.paths))).toBe(false)
  })
})

describe('a roster that names another tmux socket or holder', () => {
  const others: [string, string][] = [
    ['socket', onSocket('another', 'a', 'b')],
    ['holder', `${roster('a', 'b')}tmux: {holder_session: another}\n`],
  ]

  it.each(others)('(%s) is refused as a whole while the fleet runs, with the way out', async (_, text) => {
    await using it = await world()
    it.write(roster('a'))
    const current = await it.open()
    it.write(text)
    expect(() => current.read()).toThrow(expect.objectContaining({ code: 'refused', mend: expect.stringContaining('mosaic fleet stop') }))
    expect(current.readIfChanged()).toBe(false)
    expect(current.problem).toMatch(/names .*another.*: stop the fleet first, then change it$/)
    expect([namesOf(current), current.fleet.socketName, current.fleet.holderSession]).toEqual([['a'], undefined, 'mosaic-holder'])
  })

  it.each(others)(
    '(%s) is never the last good one, and refused by every next service while anything of the fleet lives',
    async (_, text) => {
      await using it = await world()
      it.write(roster('a'))
      const first = await it.open()
      it.write(text)
      expect(first.readIfChanged()).toBe(true)
      for (const found of [await it.open(), await it.see(), await it.open()]) {
        expect(found.problem).toContain('stop the fleet first')
        expect([namesOf(found), found.fleet.socketName, found.fleet.holderSession]).toEqual([['a'], undefined, 'mosaic-holder'])
      }
      // Faulty or refused, what is kept is what is in use.
      it.write('{{{')
      expect(namesOf(await it.open())).toEqual(['a'])
    },
  )

  it.each(others)('(%s) is in force once nothing lives where the fleet was', async (_, text) => {
    await using it = await world()
    it.write(roster('a'))
    await it.open()
    it.write(text)
    expect(await it.see(false)).toMatchObject({ problem: null })
    const current = await it.open(false)
    expect([current.problem, namesOf(current)]).toEqual([null, ['a', 'b']])
    it.write('{{{')
    expect(namesOf(await it.open())).toEqual(['a', 'b'])
  })

  it('is asked for only where the fleet was, and only when it is another place', async () => {
    await using it = await world()
    const asked: unknown[] = []
    const livesAt: LivesAt = async ({ socketName, holderSession }) => asked.push([socketName, holderSession]) > 0
    for (const text of [onSocket('old', 'a'), onSocket('old', 'b'), onSocket('new', 'c')]) {
      it.write(text)
      await CurrentRoster.open(it.paths, MACHINE, livesAt)
    }
    expect(asked).toEqual([['old', 'mosaic-holder']])
  })

  it('is forgotten once the old one is back', async () => {
    await using it = await world()
    it.write(onSocket('old', 'a'))
    const current = await it.open()
    it.write(onSocket('new', 'a'))
    expect(current.readIfChanged()).toBe(true)
    it.write(onSocket('old', 'a', 'b'))
    expect(current.readIfChanged()).toBe(true)
    expect([current.problem, namesOf(current)]).toEqual([null, ['a', 'b']])
  })
})

describe('the roster of a running fleet', () => {
  it('is read when its file has changed, and only then', async () => {
    await using it = await world()
    it.write(roster('a'))
    const current = await it.open()
    expect(current.readIfChanged()).toBe(false)
    it.write(roster('a', 'b'))
    expect(current.readIfChanged()).toBe(true)
    expect(namesOf(current)).toEqual(['a', 'b'])
    expect(current.readIfChanged()).toBe(false)
  })

  it('stays the last good one while the file is faulty or gone, with the problem, until it is mended', async () => {
    await using it = await world()
    it.write(roster('a'))
    const current = await it.open()
    const spoils = [() => it.write('version: 1\nagents: x\n'), () => rmSync(it.paths.roster), () => mkdirSync(it.paths.roster)]
    for (const spoil of spoils) {
      spoil()
      expect(current.readIfChanged()).toBe(true)
      expect(current.problem).toEqual(expect.any(String))
      expect(namesOf(current)).toEqual(['a'])
      expect(current.readIfChanged()).toBe(false)
    }
    rmSync(it.paths.roster, { recursive: true })
    it.write(roster('b'))
    expect(current.readIfChanged()).toBe(true)
    expect([current.problem, namesOf(current)]).toEqual([null, ['b']])
  })
})
