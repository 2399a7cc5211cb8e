import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { buildAll } from './build.ts'
import { type SmallCheckout, smallCheckout } from './small-checkout.ts'

const DAY_S = 24 * 60 * 60

let checkout: SmallCheckout
const dist = (...path: string[]) => join(checkout.root, 'dist', ...path)
const parts = () => readdirSync(dist('parts')).filter((name) => /^late-.*\.mjs$/.test(name))
const build = () => buildAll({ root: checkout.root })
const run = (...args: string[]) => spawnSync(process.execPath, [dist('mosaic.mjs'), ...args], { encoding: 'utf8' })

beforeEach(() => {
  checkout = smallCheckout()
  checkout.linkModules()
})
afterEach(() => checkout[Symbol.dispose]())

describe('the build', () => {
  it('makes a program of every bundle, and parts of what is imported late', async () => {
    await build()
    for (const name of ['mosaic', 'mosaicd', 'stub-runtime', 'launch', 'pi-extension']) {
      expect(existsSync(dist(`${name}.mjs`)), name).toBe(true)
      expect(existsSync(dist(`${name}.mjs.map`)), name).toBe(true)
    }
    expect(parts()).toHaveLength(1)
    expect(JSON.parse(run('a', 'b').stdout).args).toEqual(['a', 'b'])
  })

  it('puts what a program always loads into one file', async () => {
    await build()
    const names = readdirSync(dist('parts')).filter((name) => name.endsWith('.mjs'))
    expect(names.map((name) => name.replace(/-[0-9a-f]+\.mjs$/, '')).sort()).toEqual(['late', 'start'])
  })

  it('leaves a program that was started before a rebuild the parts it imports late', async () => {
    await build()
    const [old = ''] = parts()
    checkout.write('apps/cli/src/late.ts', `export const late = (): string => 'other'\n`)
    await build()
    expect(parts()).toHaveLength(2)
    expect(parts()).toContain(old)
    expect(run().stdout).toBe('other\n')
  })

  it('removes replaced parts after a day, and not sooner', async () => {
    await build()
    const [old = ''] = parts()
    // As if nothing had been built for two days.
    utimesSync(dist('parts', old), statSync(dist('parts', old)).mtime, Date.now() / 1000 - 2 * DAY_S)
    checkout.write('apps/cli/src/late.ts', `export const late = (): string => 'other'\n`)
    await build()
    await build()
    expect(parts()).toContain(old)
    utimesSync(dist('parts', old), Date.now() / 1000, Date.now() / 1000 - 1.1 * DAY_S)
    await build()
    expect(parts()).not.toContain(old)
    expect(run().stdout).toBe('other\n')
  })

  it('copies the content of the framework, and forgets what was removed there', async () => {
    checkout.write('packages/framework/profiles/a.yaml', 'a: 1\n')
    checkout.write('packages/framework/src/index.ts', '')
    checkout.write('packages/framework/package.json', '{}')
    await build()
    expect(readFileSync(dist('framework', 'profiles', 'a.yaml'), 'utf8')).toBe('a: 1\n')
    expect(readdirSync(dist('framework'))).toEqual(['profiles'])
    renameSync(join(checkout.root, 'packages/framework/profiles/a.yaml'), join(checkout.root, 'packages/framework/profiles/b.yaml'))
    await build()
    expect(readdirSync(dist('framework', 'profiles'))).toEqual(['b.yaml'])
  })

  it.each([
    ['a source that does not exist', 'apps/mosaicd/src/main.ts', undefined, /no apps\/mosaicd\/src\/main\.ts/],
    ['a syntax error', 'apps/mosaicd/src/main.ts', 'const = 1', /mosaicd/],
    ['an import that nothing resolves', 'apps/mosaicd/src/main.ts', `import x from 'no-such-package'\nconsole.log(x)`, /no-such-package/],
  ])('fails for %s and leaves the last build whole', async (_, path, text, message) => {
    await build()
    const before = readFileSync(dist('.built'), 'utf8')
    if (text === undefined) rmSync(join(checkout.root, path))
    else checkout.write(path, text)
    checkout.write('apps/cli/src/late.ts', `export const late = (): string => 'other'\n`)
    await expect(build()).rejects.toThrow(message)
    expect(readFileSync(dist('.built'), 'utf8')).toBe(before)
    expect(JSON.parse(run('a').stdout).args).toEqual(['a'])
    expect(readdirSync(dist()).filter((name) => name.startsWith('.staging'))).toEqual([])
  })

  it('leaves a faulty bundle out when asked to, and then does not count as built', async () => {
    const warnings: string[] = []
    checkout.write('apps/mosaicd/src/main.ts', 'const = 1')
    await buildAll({ root: checkout.root, allowMissing: true, warn: (text) => warnings.push(text) })
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(/^left out: mosaicd:/)
    expect(existsSync(dist('mosaicd.mjs'))).toBe(false)
    expect(run().status).toBe(0)
    expect(statSync(dist('.built')).mtimeMs).toBe(0)
  })

  it('removes what a build that was killed left', async () => {
    checkout.write('dist/.staging-dead/mosaic.mjs', 'half')
    await build()
    expect(readdirSync(dist()).filter((name) => name.startsWith('.staging'))).toEqual([])
  })

  it('makes one command for panes, which works through PATH and through links', async () => {
    await build()
    expect(readdirSync(dist('bin'))).toEqual(['mosaic'])
    const env = { PATH: `${dist('bin')}:${checkout.bin}` }
    const byName = spawnSync('mosaic', ['a b'], { env, encoding: 'utf8', cwd: checkout.bin })
    expect(JSON.parse(byName.stdout)).toEqual({ args: ['a b'], cwd: checkout.bin })
    symlinkSync('../a checkout/dist/bin/mosaic', join(checkout.bin, 'linked'))
    const linked = spawnSync('linked', ['c'], { env, encoding: 'utf8' })
    expect(JSON.parse(linked.stdout).args).toEqual(['c'])
  })
})
