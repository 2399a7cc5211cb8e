import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { installedBeside, locatePi, PI_PACKAGE } from './pi-program.ts'

let root = ''
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'mosaic-pi-')))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(path: string, text: string, mode = 0o755): string {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

/** A package as npm installs it, in `<root>/lib`. */
function installPackage(version: string): string {
  const home = join(root, 'lib', 'node_modules', PI_PACKAGE)
  write(join(home, 'package.json'), JSON.stringify({ name: PI_PACKAGE, version, bin: { pi: 'dist/cli.js' } }), 0o644)
  return write(join(home, 'dist', 'cli.js'), "#!/usr/bin/env node\nconsole.log('not run')\n")
}

const bin = () => join(root, 'bin')
const locate = (change: { command?: string[]; path?: string; from?: string } = {}) =>
  locatePi({ command: change.command, path: change.path ?? bin(), from: change.from ?? root })

describe('finding pi', () => {
  test('follows the link that npm makes, runs the script with our own Node, and reads the version from the package', async () => {
    const script = installPackage('0.90.2')
    mkdirSync(bin())
    symlinkSync(script, join(bin(), 'pi'))
    expect(await locate()).toEqual({ argv: [process.execPath, script], version: '0.90.2' })
  })

  test.each([
    ['pnpm', (target: string) => `#!/bin/sh\nexec node "$basedir_abs"/'${target}' "$@"\n# cmd-shim-target=${target}\n`],
    ['npm and yarn', (target: string) => `#!/bin/sh\nbasedir=x\nexec node  "$basedir/${target}" "$@"\n`],
  ])('looks through the shell wrapper of %s', async (_who, wrapper) => {
    const script = installPackage('0.90.2')
    write(join(bin(), 'pi'), wrapper(`../lib/node_modules/${PI_PACKAGE}/dist/cli.js`))
    expect(await locate()).toEqual({ argv: [process.execPath, script], version: '0.90.2' })
  })

  test('takes the package that is installed beside it when PATH has none', async () => {
    const script = installPackage('1.5.0')
    expect(await locate({ path: '', from: join(root, 'lib', 'deep', 'er') })).toEqual({
      argv: [process.execPath, script],
      version: '1.5.0',
    })
    expect(installedBeside(import.meta.dirname)).toContain(PI_PACKAGE)
  })

  test("takes the roster's own command as it is, and asks it for its version", async () => {
    const program = write(join(bin(), 'my-pi'), '#!/bin/sh\n[ "$2" = --version ] && echo 0.99.1\n')
    expect(await locate({ command: ['my-pi', '--flag'] })).toEqual({ argv: [program, '--flag'], version: '0.99.1' })
  })

  test('says how to install it when it is not there', async () => {
    const missing = { code: 'missing', mend: `npm install -g ${PI_PACKAGE}` }
    await expect(locate({ path: '/nowhere:relative' })).rejects.toMatchObject({ ...missing, message: 'pi is not installed' })
    await expect(locate({ command: ['/nowhere/pi'] })).rejects.toMatchObject({
      code: 'missing',
      message: expect.stringContaining('/nowhere/pi'),
    })
  })

  test.each(['0.74.2', '0.86.9'])('refuses %s as too old', async (version) => {
    symlinkTo(installPackage(version))
    await expect(locate()).rejects.toMatchObject({ code: 'missing', message: expect.stringContaining(`pi ${version} is too old`) })
  })

  test.each(['0.87.0', '0.100.0', '1.0.0', '10.0.0-beta'])('takes %s', async (version) => {
    symlinkTo(installPackage(version))
    expect((await locate()).version).toBe(version)
  })

  test('says when it does not run', async () => {
    write(join(bin(), 'pi'), '#!/bin/sh\nexit 3\n')
    await expect(locate()).rejects.toMatchObject({ code: 'missing', message: expect.stringContaining('does not run') })
  })

  test('sees an update', async () => {
    symlinkTo(installPackage('0.90.0'))
    expect((await locate()).version).toBe('0.90.0')
    rmSync(join(root, 'lib'), { recursive: true })
    const script = installPackage('0.91.0')
    writeFileSync(script, '#!/usr/bin/env node\n// another build\n')
    expect((await locate()).version).toBe('0.91.0')
  })
})

function symlinkTo(script: string): void {
  mkdirSync(bin(), { recursive: true })
  symlinkSync(script, join(bin(), 'pi'))
}
