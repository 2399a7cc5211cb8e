/** The tenant's directories: made private to it, and never in a place that another user could change. */

import { chmodSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { FleetError } from '@mosaic/domain/error'
import type { MosaicPaths } from '../paths.ts'
import { isOwnDirectory } from './own-directory.ts'

const PRIVATE_MODE = 0o700

/** False for a run directory that an operator named: it may hold more than this fleet's files, so its mode and itself stay. */
const isRunOurs = ({ fleet, run }: MosaicPaths): boolean => run === join(fleet, 'run')

/** What the fleet makes for as long as it runs, and removes when it is empty after a stop. */
export function runDirectories(paths: MosaicPaths): string[] {
  const { agents, run, sockets } = paths
  return [...(sockets === run ? [] : [sockets]), ...(isRunOurs(paths) ? [run] : []), agents]
}

/**
 * Why an operator's run directory cannot be used.
 * @returns undefined when it can, does not exist yet, or is the fleet's own
 */
export function runDirectoryProblem(paths: MosaicPaths): FleetError | undefined {
  const { run } = paths
  if (isRunOurs(paths)) return undefined
  const stat = statSync(run, { throwIfNoEntry: false })
  if (stat === undefined) return undefined
  const refused = (what: string, mend: string) => new FleetError('refused', `the run directory ${run} ${what}`, { where: run, mend })
  const another = 'set MOSAIC_HEARTBEAT_RUN_DIR to a directory of your own, or unset it'
  if (!isOwnDirectory(run, { followLinks: true })) return refused('is not a directory of this user', another)
  if ((stat.mode & 0o022) !== 0) return refused('can be written by others', `chmod go-w it, or ${another}`)
  return undefined
}

/** A directory of the fleet. @throws FleetError `refused` when something else has its name */
function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: PRIVATE_MODE })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Also a link that leads nowhere.
    if (code !== 'EEXIST' && code !== 'ENOENT') throw error
    throw new FleetError('refused', `${directory} is not a directory`, {
      where: directory,
      mend: `move it away: mv ${directory} ${directory}.bad`,
      cause: error,
    })
  }
}

/** @throws FleetError `refused` for a run directory or a directory of sockets that another user made or can change, or none */
export function makeDirectories(paths: MosaicPaths): void {
  for (const directory of [paths.home, paths.fleet, paths.run, paths.agents, paths.spool, paths.log, paths.state, paths.sockets]) {
    makeDirectory(directory)
  }
  const problem = runDirectoryProblem(paths)
  if (problem !== undefined) throw problem
  if (!isOwnDirectory(paths.sockets, { followLinks: paths.sockets === paths.run })) {
    throw new FleetError('refused', `${paths.sockets} is not a directory of this user`, {
      mend: 'remove it, or choose another MOSAIC_HOME',
    })
  }
  for (const directory of [...runDirectories(paths), paths.state]) {
    if ((statSync(directory).mode & 0o077) !== 0) chmodSync(directory, PRIVATE_MODE)
  }
}
