import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { resolvePaths } from '@mosaic/host/paths'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, test } from 'vitest'
import { environmentFile, inheritedEnvironment, keepEnvironment, mayRevive, prepareRevivals, revivalsFile } from './revival.ts'

async function home() {
  const temporary = await tempHome()
  const paths = resolvePaths({ env: temporary.env })
  mkdirSync(paths.run, { recursive: true })
  return { paths, [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose]() }
}

describe('the environment of a service that tmux brought back', () => {
  test('is that of its predecessor, without what asked for its death or says that it was brought back', async () => {
    await using at = await home()
    keepEnvironment(at.paths, { PATH: '/opt/bin', NOTHING: undefined, MOSAIC_FAULT: 'after-store', MOSAIC_REVIVED: '1' })
    expect(statSync(environmentFile(at.paths)).mode & 0o777).toBe(0o600)
    expect(inheritedEnvironment(at.paths, { PATH: '/bin', MOSAIC_REVIVED: '1' })).toEqual({ PATH: '/opt/bin' })
  })

  test('is what a launch, tmux, the service or the roster may use of it, and nothing else that the operator had', async () => {
    await using at = await home()
    const used = { PATH: '/bin', HOME: '/h', ANTHROPIC_API_KEY: 'k', NO_COLOR: '1', TMUX_TMPDIR: '/t', MOSAIC_HOME: '/m' }
    keepEnvironment(at.paths, { ...used, OWN_KEY: 'o', DATABASE_PASSWORD: 'secret', SSH_AUTH_SOCK: '/s', NPM_TOKEN: 'secret' }, [
      'OWN_KEY',
      'NOT_SET',
    ])
    expect(readFileSync(environmentFile(at.paths), 'utf8')).not.toContain('secret')
    expect(inheritedEnvironment(at.paths, { MOSAIC_REVIVED: '1' })).toEqual({ ...used, OWN_KEY: 'o' })
  })

  test('is its own when an operator started it', async () => {
    await using at = await home()
    keepEnvironment(at.paths, { PATH: '/opt/bin' })
    expect(inheritedEnvironment(at.paths, { PATH: '/bin' })).toEqual({ PATH: '/bin' })
  })

  test.each([
    ['is missing', undefined],
    ['is cut off', '{"PATH":"/opt'],
    ['holds something else', 'null'],
  ])('is its own when what was kept %s', async (_, text) => {
    await using at = await home()
    if (text !== undefined) writeFileSync(environmentFile(at.paths), text)
    const own = { PATH: '/bin', MOSAIC_REVIVED: '1' }
    expect(inheritedEnvironment(at.paths, own)).toEqual(own)
  })

  test('has nothing in it that is no text', async () => {
    await using at = await home()
    writeFileSync(environmentFile(at.paths), '{"PATH":"/opt/bin","HOME":7,"LANG":null,"TZ":["x"]}')
    expect(inheritedEnvironment(at.paths, { MOSAIC_REVIVED: '1' })).toEqual({ PATH: '/opt/bin' })
    writeFileSync(environmentFile(at.paths), '["/opt/bin"]')
    expect(inheritedEnvironment(at.paths, { MOSAIC_REVIVED: '1' })).toEqual({ MOSAIC_REVIVED: '1' })
  })

  test('is kept although something else stands in the place of its file', async () => {
    await using at = await home()
    mkdirSync(join(environmentFile(at.paths), 'deep'), { recursive: true })
    keepEnvironment(at.paths, { PATH: '/opt/bin' })
    expect(inheritedEnvironment(at.paths, { MOSAIC_REVIVED: '1' })).toEqual({ PATH: '/opt/bin' })
  })

  test('is never read through a link', async () => {
    await using at = await home()
    writeFileSync(`${at.paths.home}/planted`, '{"PATH":"/planted"}')
    symlinkSync(`${at.paths.home}/planted`, environmentFile(at.paths))
    expect(inheritedEnvironment(at.paths, { MOSAIC_REVIVED: '1' })).toEqual({ MOSAIC_REVIVED: '1' })
  })
})

describe('revivals', () => {
  test('are ten within a minute, and as many again once those are past', async () => {
    await using at = await home()
    const start = 1_800_000_000_000
    const tries = (from: number) => Array.from({ length: 12 }, (_, index) => mayRevive(at.paths, from + index * 10))
    expect(tries(start)).toEqual([...Array(10).fill(true), false, false])
    expect(tries(start + 70_000)).toEqual([...Array(10).fill(true), false, false])
  })

  test.each<[string, (file: string) => void]>([
    ['a FIFO', (file) => execFileSync('mkfifo', [file])],
    ['a directory', (file) => mkdirSync(join(file, 'deep'), { recursive: true })],
    ['a link', (file) => symlinkSync('nowhere', file)],
  ])('are counted and bounded although %s stands in the place of their file', async (_, plant) => {
    await using at = await home()
    plant(revivalsFile(at.paths))
    prepareRevivals(at.paths)
    expect(Array.from({ length: 11 }, (__, index) => mayRevive(at.paths, 1_800_000_000_000 + index))).toEqual([
      ...Array(10).fill(true),
      false,
    ])
  })

  test('are counted anew when their file is unreadable, and a clock that was set back does not count for ever', async () => {
    await using at = await home()
    writeFileSync(revivalsFile(at.paths), 'not json')
    expect(mayRevive(at.paths, 1_000)).toBe(true)
    writeFileSync(revivalsFile(at.paths), JSON.stringify(Array(50).fill(9_999_999_999_999)))
    expect(mayRevive(at.paths, 1_800_000_000_000)).toBe(true)
    expect(existsSync(revivalsFile(at.paths))).toBe(true)
  })
})
