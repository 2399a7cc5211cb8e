/** Finding pi on this machine, and its version, without running it where a file tells. */

import { readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { RuntimeProgram } from '@mosaic/domain/ports/runtime'
import { onPath } from '../../files/executable.ts'
import { readBounded } from '../../files/read-bounded.ts'
import { askVersion, assertNotOlder, commandMissing, notInstalled, rememberedVersions, type Versioned } from '../program-version.ts'

export const PI_PACKAGE = '@earendil-works/pi-coding-agent'
const INSTALL = `npm install -g ${PI_PACKAGE}`
const PI: Versioned = {
  called: 'pi',
  install: INSTALL,
  update: INSTALL,
  // The first whose extension interface has all that is used.
  oldest: [0, 87, 0],
  withinMs: 20_000,
  env: { PI_OFFLINE: '1' },
}
/** A larger file is no wrapper script, bytes. */
const MAX_SCRIPT_BYTES = 64 * 1024

interface Manifest {
  name?: unknown
  version?: unknown
  bin?: unknown
}

function manifestAt(directory: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest
  } catch {
    return undefined
  }
}

/** Version of the package that a file of pi's belongs to. */
function versionBeside(file: string): string | undefined {
  for (let directory = dirname(file); directory !== dirname(directory); directory = dirname(directory)) {
    const manifest = manifestAt(directory)
    if (manifest?.name === PI_PACKAGE && typeof manifest.version === 'string') return manifest.version
  }
  return undefined
}

/** The installed package among the `node_modules` above a directory: its script. */
export function installedBeside(from: string): string | undefined {
  for (let directory = from; ; directory = dirname(directory)) {
    const root = join(directory, 'node_modules', PI_PACKAGE)
    const bin = manifestAt(root)?.bin
    const script = typeof bin === 'string' ? bin : (bin as { pi?: unknown } | undefined)?.pi
    if (typeof script === 'string') return realpathSync(join(root, script))
    if (dirname(directory) === directory) return undefined
  }
}

/** The script that a package manager's shell wrapper runs: pnpm names it in a comment, npm and yarn in the call. */
function wrapped(file: string, text: string): string | undefined {
  const target = /^# cmd-shim-target=(.+)$/m.exec(text)?.[1] ?? /"\$basedir\/([^"]+\.[cm]?js)"/.exec(text)?.[1]
  if (target === undefined) return undefined
  const script = resolve(dirname(file), target)
  return statSync(script, { throwIfNoEntry: false })?.isFile() === true ? realpathSync(script) : undefined
}

/** A script of Node is run by our own Node, which is new enough; anything else runs itself. */
function argvOf(file: string): string[] {
  const read = readBounded(file, MAX_SCRIPT_BYTES)
  const text = 'text' in read ? read.text : ''
  const script = /^#!.*\bnode\b/.test(text) ? realpathSync(file) : text.startsWith('#!') ? wrapped(file, text) : undefined
  return script === undefined ? [file] : [process.execPath, script]
}

const versionOf = rememberedVersions(async (argv) => {
  const file = argv.at(-1) ?? ''
  const beside = statSync(file, { throwIfNoEntry: false }) === undefined ? undefined : versionBeside(realpathSync(file))
  return beside ?? askVersion(PI, argv)
})

export interface PiSearch {
  /** The roster's own command, if it gives one. */
  command: readonly string[] | undefined
  path: string
  /** Where to look for an installed package when PATH has none. */
  from: string
}

function findArgv({ command, path, from }: PiSearch): string[] {
  if (command !== undefined) {
    const [name = '', ...rest] = command
    const file = onPath(name, path)
    if (file === undefined) throw commandMissing(PI, name)
    return rest.length === 0 ? argvOf(realpathSync(file)) : [file, ...rest]
  }
  const found = onPath('pi', path)
  const file = found === undefined ? installedBeside(from) : realpathSync(found)
  if (file === undefined) throw notInstalled(PI)
  return argvOf(file)
}

/** @throws FleetError `missing` with what installs it */
export async function locatePi(search: PiSearch): Promise<RuntimeProgram> {
  const argv = findArgv(search)
  const version = await versionOf(argv, argv.at(-1) ?? '')
  assertNotOlder(PI, version)
  return { argv, version }
}
