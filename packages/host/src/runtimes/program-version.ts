/** Versions of the programs that adapters run, and what is said of one that is not there or cannot be used. */

import { execFile } from 'node:child_process'
import { statSync } from 'node:fs'
import { promisify } from 'node:util'
import { FleetError } from '@mosaic/domain/error'

const run = promisify(execFile)

/** A program, as far as its version goes. */
export interface Versioned {
  /** As people call it. */
  called: string
  /** What installs it. */
  install: string
  /** What brings it up to date. */
  update: string
  /** The first version that has all that is used. */
  oldest: readonly number[]
  /** How long it may take to tell, milliseconds. */
  withinMs: number
  /** On top of the environment, so that telling it does nothing else. */
  env?: Readonly<Record<string, string>>
}

export const notInstalled = ({ called, install }: Versioned): FleetError =>
  new FleetError('missing', `${called} is not installed`, { mend: install })

/** The roster names another program, and it is not there. */
export const commandMissing = ({ called }: Versioned, name: string): FleetError =>
  new FleetError('missing', `the roster's command for ${called}, ${name}, is not there`, {
    mend: 'correct command in the roster, or install it',
  })

/** @throws FleetError `missing` when it is older than what its adapter needs */
export function assertNotOlder({ called, oldest, update }: Versioned, version: string): void {
  if (!isOlder(version, oldest)) return
  throw new FleetError('missing', `${called} ${version} is too old: at least ${oldest.join('.')} is needed`, { mend: update })
}

/** What it says itself. @throws FleetError `missing` when it does not run */
export async function askVersion({ called, install, withinMs, env }: Versioned, argv: readonly string[]): Promise<string> {
  const [program = '', ...args] = argv
  try {
    const { stdout } = await run(program, [...args, '--version'], { timeout: withinMs, env: { ...process.env, ...env } })
    const last = stdout.trim().split('\n').at(-1) ?? ''
    return /\d+\.\d+\.\d+\S*/.exec(last)?.[0] ?? last
  } catch (error) {
    throw new FleetError('missing', `${called} does not run: ${argv.join(' ')} --version failed`, { mend: install, cause: error })
  }
}

/** True when the version in this text is before `oldest`; a text that holds none is let pass. */
export function isOlder(version: string, oldest: readonly number[]): boolean {
  const parts = /(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number)
  if (parts === undefined) return false
  const differing = oldest.findIndex((part, index) => parts[index] !== part)
  return differing !== -1 && (parts[differing] ?? 0) < (oldest[differing] ?? 0)
}

/** Asks each program for its version once per file and its time, so that an update is seen. */
export function rememberedVersions(
  ask: (argv: readonly string[]) => Promise<string>,
): (argv: readonly string[], file: string) => Promise<string> {
  const versions = new Map<string, Promise<string>>()
  return (argv, file) => {
    const stat = statSync(file, { throwIfNoEntry: false })
    const key = JSON.stringify([argv, stat?.mtimeMs, stat?.ino])
    const known = versions.get(key)
    if (known !== undefined) return known
    const version = ask(argv)
    versions.set(key, version)
    version.catch(() => versions.delete(key))
    return version
  }
}
