/** Finding OpenCode on this machine: its native program, not the launcher of a package that would stay as its parent. */

import { closeSync, openSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { RuntimeProgram } from '@mosaic/domain/ports/runtime'
import { isExecutable, onPath } from '../../files/executable.ts'
import { readBounded } from '../../files/read-bounded.ts'
import { askVersion, assertNotOlder, commandMissing, notInstalled, rememberedVersions, type Versioned } from '../program-version.ts'

export const OPENCODE_PACKAGE = 'opencode-ai'
const INSTALL = `npm install -g ${OPENCODE_PACKAGE}@latest`
export const OPENCODE: Versioned = {
  called: 'OpenCode',
  install: INSTALL,
  update: INSTALL,
  // The first whose server has all that is used.
  oldest: [1, 18, 0],
  withinMs: 60_000,
  env: { OPENCODE_DISABLE_AUTOUPDATE: '1' },
}
/** A larger file is no package's launcher, bytes. */
const MAX_SCRIPT_BYTES = 64 * 1024
const ELF = '\x7fELF'

/** What its package publishes for this machine, the best first: older processors need the baseline. */
function platformPackages(): string[] {
  const name = `opencode-${process.platform}-${process.arch}`
  return [name, `${name}-baseline`, `${name}-musl`, `${name}-baseline-musl`]
}

function isNative(file: string): boolean {
  const fd = openSync(file, 'r')
  try {
    const start = Buffer.alloc(ELF.length)
    readSync(fd, start, 0, start.length, 0)
    return start.toString('latin1') === ELF
  } finally {
    closeSync(fd)
  }
}

/** The native program beside a package's launcher. */
function nativeBeside(launcher: string): string | undefined {
  for (let directory = dirname(launcher); directory !== dirname(directory); directory = dirname(directory)) {
    const places = platformPackages().map((name) => join(directory, 'node_modules', name, 'bin', 'opencode'))
    const found = [...places, ...platformPackages().map((name) => join(directory, name, 'bin', 'opencode'))].find(isExecutable)
    if (found !== undefined) return realpathSync(found)
  }
  return undefined
}

/** The file that a package manager's shell wrapper runs. */
function wrapped(file: string, text: string): string | undefined {
  const target = /^# cmd-shim-target=(.+)$/m.exec(text)?.[1] ?? /"\$basedir\/([^"]+)"/.exec(text)?.[1]
  if (target === undefined) return undefined
  const path = target.startsWith('/') ? target : join(dirname(file), target)
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true ? realpathSync(path) : undefined
}

/** @returns the native program of what `opencode` names; anything that is not known runs as it is */
export function nativeProgram(found: string): string {
  const file = realpathSync(found)
  if (isNative(file)) return file
  const read = readBounded(file, MAX_SCRIPT_BYTES)
  const target = 'text' in read ? wrapped(file, read.text) : undefined
  if (target !== undefined && isNative(target)) return target
  return nativeBeside(target ?? file) ?? file
}

/** Version of the package that a file belongs to. */
function versionBeside(file: string): string | undefined {
  for (let directory = dirname(file); directory !== dirname(directory); directory = dirname(directory)) {
    try {
      const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { name?: unknown; version?: unknown }
      const known = manifest.name === OPENCODE_PACKAGE || platformPackages().includes(String(manifest.name))
      return known && typeof manifest.version === 'string' ? manifest.version : undefined
    } catch {
      // Not a package's root.
    }
  }
  return undefined
}

const versionOf = rememberedVersions(async (argv) => {
  const [file = ''] = argv
  const isFile = argv.length === 1 && statSync(file, { throwIfNoEntry: false }) !== undefined
  return (isFile ? versionBeside(realpathSync(file)) : undefined) ?? askVersion(OPENCODE, argv)
})

function findArgv(command: readonly string[] | undefined, path: string): string[] {
  if (command !== undefined) {
    const [name = '', ...rest] = command
    const file = onPath(name, path)
    if (file === undefined) throw commandMissing(OPENCODE, name)
    return rest.length === 0 ? [nativeProgram(file)] : [file, ...rest]
  }
  const found = onPath('opencode', path)
  if (found === undefined) throw notInstalled(OPENCODE)
  return [nativeProgram(found)]
}

/** @throws FleetError `missing` with what installs it */
export async function locateOpenCode(command: readonly string[] | undefined, path: string): Promise<RuntimeProgram> {
  const argv = findArgv(command, path)
  const version = await versionOf(argv, argv[0] ?? '')
  assertNotOlder(OPENCODE, version)
  return { argv, version }
}
