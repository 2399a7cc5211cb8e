/** The tenant's files: who may read them, whether they are what they should be, and what was left behind. */

import { chmodSync, existsSync, lstatSync, readdirSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { FleetError } from '@mosaic/domain/error'
import { tenantDatabases } from '@mosaic/host/databases'
import { temporaryFile } from '@mosaic/host/files/atomic-write'
import { lookAtDatabase } from '@mosaic/host/files/database'
import { removeOwn } from '@mosaic/host/files/remove'
import { foundSetAside } from '@mosaic/host/files/set-aside'
import { runDirectories, runDirectoryProblem } from '@mosaic/host/files/tenant-directories'
import type { MosaicPaths } from '@mosaic/host/paths'
import { isRunning } from '@mosaic/host/processes'
import { serviceLogFile } from '@mosaic/host/service/start'
import { type Check, type Finding, type Fixable, fail, note, ok, warn } from './check.ts'

const PRIVATE_MODE = 0o700

const octal = (mode: number): string => mode.toString(8).padStart(4, '0')

const statOf = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false })

/** A command to copy, for a name that has something else. */
const moveAway = (path: string): string => `move it away: mv ${path} ${path}.bad`

/** Directories that nobody else may enter. */
const privateDirectories = (paths: MosaicPaths): string[] =>
  [...new Set([paths.home, paths.fleet, ...runDirectories(paths), paths.spool, paths.log, paths.state])].filter(
    (path) => statOf(path) !== undefined,
  )

function directoryFinding(path: string): Fixable | undefined {
  const stat = lstatSync(path)
  if (process.getuid !== undefined && stat.uid !== process.getuid() && !stat.isSymbolicLink()) {
    return fail('directory', `${path} belongs to user ${stat.uid}`, `chown it to you, or choose another --mosaic-home`)
  }
  if (stat.isSymbolicLink() ? !existsSync(path) : !stat.isDirectory())
    return fail('directory', `${path} is not a directory`, moveAway(path))
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

const isPlain = (stat: Stats): boolean => stat.isFile()

/** What the fleet opens by its name, and what has to stand there if anything does. */
const places = (paths: MosaicPaths): { path: string; fits: (stat: Stats) => boolean; loss: string }[] => [
  { path: serviceLogFile(paths), fits: isPlain, loss: 'the host service goes on without a log' },
  { path: paths.auditFile, fits: isPlain, loss: 'nothing is done that has to be audited first' },
  { path: paths.serviceLock, fits: isPlain, loss: 'no host service can start' },
  { path: paths.rosterLock, fits: isPlain, loss: 'the roster cannot be edited' },
  { path: paths.serviceSocket, fits: (stat) => !stat.isDirectory(), loss: 'no host service can listen' },
  { path: paths.pausedFile, fits: isPlain, loss: 'the fleet counts as paused' },
]

/** Only a file is opened as one: what else has its name would be waited for, or followed. */
export const checkPlaces: Check = ({ context }) => {
  const bad = places(context.paths).filter(({ path, fits }) => {
    const stat = statOf(path)
    return stat !== undefined && !fits(stat)
  })
  if (bad.length === 0) return [ok('files', 'each is what it should be')]
  return bad.map(({ path, loss }) => fail('files', `${path} is not what it should be: ${loss}`, moveAway(path)))
}

function brokenDatabases(paths: MosaicPaths, serviceRuns: boolean): Finding[] {
  const mend = serviceRuns ? 'mosaic fleet stop, then: mosaic fleet start' : 'mosaic fleet start'
  return tenantDatabases(paths).flatMap((spec): Finding[] => {
    try {
      const { fault, checked } = lookAtDatabase(spec, { mayRecover: false })
      if (fault !== undefined) {
        return [fail('databases', `${spec.what} cannot be used: ${fault}; a host service that starts sets it aside`, mend)]
      }
      return checked ? [] : [note('databases', `${spec.file} was not read through: it is large, or was left half written`)]
    } catch (error) {
      if (error instanceof FleetError) return [fail('databases', error.message, 'mend its permissions, or free some space')]
      throw error
    }
  })
}

/** Spool and usage ledger: read only, and no longer than a bound on their size lets it take. */
export const checkDatabases: Check = ({ context, serviceRuns }) => {
  const broken = brokenDatabases(context.paths, serviceRuns)
  const aside = tenantDatabases(context.paths).flatMap(({ what, file, loss }) =>
    foundSetAside(file).map((name) =>
      warn('databases', `${what} was broken and is set aside as ${name}: ${loss}`, 'look into it (sqlite3 .recover), then move it away'),
    ),
  )
  return broken.length + aside.length === 0 ? [ok('databases', 'sound')] : [...broken, ...aside]
}

function entries(directory: string): string[] {
  return statOf(directory)?.isDirectory() === true ? readdirSync(directory).map((name) => join(directory, name)) : []
}

/** Temporary files whose writer was killed, and sockets that nobody can listen on. */
function leftovers(paths: MosaicPaths, serviceRuns: boolean): string[] {
  const all = [...new Set([paths.fleet, paths.run, paths.agents, paths.state, paths.sockets])].flatMap(entries)
  return all.filter((path) => {
    if (statOf(path)?.isDirectory() === true) return false
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
        for (const path of found) removeOwn(path)
        return 'removed'
      },
    },
  ]
}
