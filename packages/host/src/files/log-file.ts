/** Log files: appended by whoever has something to say, and never a reason to wait or to fail for. */

import { closeSync, constants, fstatSync, lstatSync, openSync, renameSync } from 'node:fs'
import { FleetError } from '@mosaic/domain/error'
import { fileError } from './file-error.ts'

/** No link is followed, and a FIFO in the file's place is not waited for. */
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK

const unusable = (path: string, why: string, cause?: unknown): FleetError =>
  new FleetError('not_done', `the log ${path} cannot be written: ${why}`, {
    where: path,
    reason: 'log',
    mend: `move it away: mv ${path} ${path}.bad`,
    cause,
  })

/** The file opened for appending, 0600. @throws FleetError `not_done` when it cannot be, or is no regular file */
export function openLogFile(path: string): number {
  let fd: number
  try {
    fd = openSync(path, FLAGS, 0o600)
  } catch (error) {
    throw unusable(path, fileError(error)?.message ?? (error as Error).message, error)
  }
  if (fstatSync(fd).isFile()) return fd
  closeSync(fd)
  throw unusable(path, 'it is not a regular file')
}

/** Moves a log that has grown to `<path>.1`, over the one before. Where that fails it only goes on growing. */
export function rotateLogFile(path: string, maxBytes: number): void {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat?.isFile() !== true || stat.size <= maxBytes) return
  try {
    renameSync(path, `${path}.1`)
  } catch {
    // Something else stands there, or the disk is read-only.
  }
}
