/** Removing what has one of the fleet's own names, whatever somebody has put in its place. */

import { lstatSync, rmdirSync, rmSync } from 'node:fs'
import { FleetError } from '@mosaic/domain/error'
import { fileError } from './file-error.ts'

const notRemoved = (path: string, error: unknown): FleetError =>
  new FleetError('not_done', `${path} cannot be removed: ${fileError(error)?.message ?? (error as Error).message}`, {
    where: path,
    reason: 'system',
    mend: 'remove it by hand, or mend its permissions',
    cause: error,
  })

/**
 * Removes a file, a link (never what it leads to), or a directory with all that is in it. Only for names that belong to
 * the fleet alone.
 * @throws FleetError `not_done` when it cannot be removed
 */
export function removeOwn(path: string): void {
  try {
    rmSync(path, { force: true, recursive: true })
  } catch (error) {
    throw notRemoved(path, error)
  }
}

/**
 * Removes a file, a link or an empty directory: for a name that an operator may also have given to something of their own.
 * @throws FleetError `not_done` when there is something in it
 */
export function removeSwitch(path: string): void {
  try {
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true) rmdirSync(path)
    else rmSync(path, { force: true })
  } catch (error) {
    throw notRemoved(path, error)
  }
}

/** Removes all of them, each by itself. @throws the first error, after every other one was tried */
export function removeEach(files: readonly string[]): void {
  const errors: unknown[] = []
  for (const file of files) {
    try {
      removeOwn(file)
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw errors[0]
}

/** Makes room for a regular file: whatever else stands there goes. */
export function makeRoom(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === false) removeOwn(path)
}
