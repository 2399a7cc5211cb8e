/** The tenant's files: who may read them, and what was left behind. */

import { chmodSync, existsSync, lstatSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFile } from '@mosaic/host/files/atomic-write'
import { runDirectories, runDirectoryProblem } from '@mosaic/host/files/tenant-directories'
import type { MosaicPaths } from '@mosaic/host/paths'
import { isRunning } from '@mosaic/host/processes'
import { type Check, type Fixable, fail, note, ok } from './check.ts'

const PRIVATE_MODE = 0o700

const octal = (mode: number): string => mode.toString(8).padStart(4, '0')

/** Directories that nobody else may enter. */
const privateDirectories = (paths: MosaicPaths): string[] =>
  [...new Set([paths.home, paths.fleet, ...runDirectories(paths), paths.spool, paths.log, paths.state])].filter((path) => existsSync(path))

function directoryFinding(path: string): Fixable | undefined {
  const stat = lstatSync(path)
  if (process.getuid !== undefined && stat.uid !== process.getuid() && !stat.isSymbolicLink()) {
    return fail('directory', `${path} belongs to user ${stat.uid}`, `chown it to you, or choose another --mosaic-home`)
  }
  if (stat.isSymbolicLink() || (stat.mode & 0o077) === 0) return undefined
  return {
    ...fail('directory', `${path} can be entered by others (mode ${octal(stat.mode & 0o7777)})`, `chmod 700 ${path}`),
    fix: () => {
      chmodSync(path, PRIVATE_MODE)
      return `mode is ${octal(PRIVATE_MODE)} now`
    },
  }
}

export const checkDirectories: Check = ({ context }) => {
  const directories = privateDirectories(context.paths)
  if (directories.length === 0) return [note('directory', `${context.paths.home} does not exist yet`, 'mosaic fleet up')]
  const run = runDirectoryProblem(context.paths)
  const bad = [
    ...(run === undefined ? [] : [fail('directory', run.message, run.mend ?? 'unset MOSAIC_HEARTBEAT_RUN_DIR')]),
    ...directories.map(directoryFinding).filter((finding) => finding !== undefined),
  ]
  return bad.length > 0 ? bad : [ok('directory', `${context.paths.home}: ${directories.length} directories, private`)]
}

const entries = (directory: string): string[] => (existsSync(directory) ? readdirSync(directory).map((name) => join(directory, name)) : [])

/** Temporary files whose writer was killed, and sockets that nobody can listen on. */
function leftovers(paths: MosaicPaths, serviceRuns: boolean): string[] {
  const all = [...new Set([paths.fleet, paths.run, paths.agents, paths.state, paths.sockets])].flatMap(entries)
  return all.filter((path) => {
    const temporary = temporaryFile(path)
    if (temporary !== undefined) return !isRunning(temporary.pid)
    return path === paths.serviceSocket && !serviceRuns
  })
}

export const checkLeftovers: Check = ({ context, serviceRuns }) => {
  const found = leftovers(context.paths, serviceRuns)
  if (found.length === 0) return [ok('leftovers', 'none')]
  const names = found.length === 1 ? found[0] : `${found.length} files, e.g. ${found[0]}`
  return [
    {
      ...note('leftovers', `${names}: left by a process that was killed`, 'mosaic fleet doctor --fix'),
      fix: () => {
        for (const path of found) rmSync(path, { force: true })
        return 'removed'
      },
    },
  ]
}
