import { chmodSync, chownSync, existsSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, it } from 'vitest'
import { resolvePaths } from '../paths.ts'
import { makeDirectories, runDirectories, runDirectoryProblem } from './tenant-directories.ts'

async function world(mode?: number) {
  const temporary = await tempHome()
  const run = join(temporary.root, 'operators-run')
  if (mode !== undefined) {
    mkdirSync(run)
    chmodSync(run, mode)
  }
  const paths = resolvePaths({ env: { ...temporary.env, MOSAIC_HEARTBEAT_RUN_DIR: run } })
  return { paths, run, env: temporary.env, [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose]() }
}
const modeOf = (path: string) => statSync(path).mode & 0o7777

describe('the fleet’s own directories', () => {
  it('are closed to others, also when they were left open', async () => {
    await using at = await world()
    const paths = resolvePaths({ env: at.env })
    mkdirSync(paths.run, { recursive: true })
    chmodSync(paths.run, 0o777)
    makeDirectories(paths)
    expect(modeOf(paths.run)).toBe(0o700)
    expect(runDirectories(paths)).toContain(paths.run)
  })
})

it.each(['log', 'spool', 'state', 'run'] as const)(
  'what stands in the place of the directory %s is named, with how to mend it',
  async (key) => {
    await using temporary = await tempHome()
    const paths = resolvePaths({ env: temporary.env })
    mkdirSync(paths.fleet, { recursive: true })
    const refusal = expect.objectContaining({ code: 'refused', where: paths[key], mend: expect.stringContaining(`mv ${paths[key]}`) })
    writeFileSync(paths[key], '')
    expect(() => makeDirectories(paths)).toThrow(refusal)
    rmSync(paths[key])
    symlinkSync('nowhere', paths[key])
    expect(() => makeDirectories(paths)).toThrow(refusal)
  },
)

describe('a run directory that an operator named', () => {
  it.each([0o1777, 0o775])('is refused and left as it is when others can write to it: %o', async (mode) => {
    await using at = await world(mode)
    expect(() => makeDirectories(at.paths)).toThrow(/can be written by others/)
    expect(runDirectoryProblem(at.paths)).toMatchObject({ code: 'refused', mend: expect.stringContaining('MOSAIC_HEARTBEAT_RUN_DIR') })
    expect(modeOf(at.run)).toBe(mode)
  })

  it('is refused when another user made it', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can make a directory of another user')
    await using at = await world(0o700)
    chownSync(at.run, 54_321, 54_321)
    expect(() => makeDirectories(at.paths)).toThrow(/not a directory of this user/)
  })

  it.each([0o700, 0o750])('is used as it is when it is the operator’s, and is none of the fleet’s to remove: %o', async (mode) => {
    await using at = await world(mode)
    makeDirectories(at.paths)
    expect(modeOf(at.run)).toBe(mode)
    expect(runDirectories(at.paths)).not.toContain(at.run)
  })

  it('is made private when it is not there', async () => {
    await using at = await world()
    makeDirectories(at.paths)
    expect([existsSync(at.run), modeOf(at.run)]).toEqual([true, 0o700])
  })
})

it('a directory of sockets in a place for all is never one that somebody else planted', async () => {
  await using at = await world()
  const paths = { ...resolvePaths({ env: at.env }), sockets: join(at.run, 'sockets') }
  mkdirSync(join(at.run, 'elsewhere'), { recursive: true, mode: 0o755 })
  chmodSync(join(at.run, 'elsewhere'), 0o755)
  symlinkSync('elsewhere', paths.sockets)
  expect(() => makeDirectories(paths)).toThrow(/not a directory of this user/)
  expect(modeOf(join(at.run, 'elsewhere'))).toBe(0o755)
})
