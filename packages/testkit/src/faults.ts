/** Real faults for real processes and directories: each is undone when it is disposed. */

import { execFile } from 'node:child_process'
import { mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { FleetError } from '@mosaic/domain/error'
import { isAlive } from './processes.ts'
import { type UntilOptions, until } from './until.ts'

const run = promisify(execFile)

/** SIGKILL for exactly this process; false when there was none. */
export function killNine(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 1) throw new FleetError('invalid', `not the id of one process: ${pid}`)
  try {
    return process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

/** Waits until the process is gone, or a zombie of a parent that does not care. */
export async function eventuallyDead(pid: number, options: UntilOptions = {}): Promise<void> {
  await until(() => !isAlive(pid), { what: `the end of process ${pid}`, ...options })
}

export interface FullDisk extends AsyncDisposable {
  /** A file system of its own, with a few KiB. */
  directory: string
  /** Takes all space that is left: from now on every write fails with ENOSPC. */
  fill(): void
  /** Gives it back. */
  relieve(): void
}

export interface FullDiskOptions {
  /** An existing directory that becomes the small file system; what it held is hidden until the end. Absent: a new one. */
  at?: string
  sizeKiB?: number
}

const FILLER = '.filler'

function fill(directory: string): void {
  const { bavail, bsize } = statfsSync(directory)
  for (let block = bavail; block >= 0; block -= 1) {
    try {
      writeFileSync(join(directory, FILLER), Buffer.alloc(bsize), { flag: 'a' })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return
      throw error
    }
  }
  throw new Error(`${directory} takes more than it said it had room for`)
}

/**
 * A directory with a full disk under it.
 * @throws FleetError `missing` where no file system can be mounted
 */
export async function fullDisk(options: FullDiskOptions = {}): Promise<FullDisk> {
  const directory = options.at ?? mkdtempSync('/tmp/mf-disk-')
  const size = `size=${options.sizeKiB ?? 64}k,mode=700`
  try {
    await run('mount', ['-t', 'tmpfs', '-o', size, 'mosaictest', directory])
  } catch (error) {
    if (options.at === undefined) rmdirSync(directory)
    throw new FleetError('missing', 'a full disk cannot be made here: mounting a tmpfs failed', {
      mend: 'run this test as root',
      cause: error,
    })
  }
  return {
    directory,
    fill: () => fill(directory),
    relieve: () => rmSync(join(directory, FILLER), { force: true }),
    [Symbol.asyncDispose]: async () => {
      // Busy as long as a dying process has a file open.
      await until(() => run('umount', [directory]).then(() => true), { what: `the unmounting of ${directory}` })
      if (options.at === undefined) rmdirSync(directory)
    },
  }
}

export { freeze } from './freeze.ts'
