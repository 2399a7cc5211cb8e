/** A database as seen without its writer: nothing made, nothing locked against it. */

import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

/**
 * A reader of a database with a log makes the log's index when there is none; without a log all is in the one file, which
 * is taken as it is.
 */
function openReadOnly(file: string): DatabaseSync {
  const hasLog = sizeOf(`${file}-wal`) > 0 && sizeOf(`${file}-shm`) > 0
  if (hasLog) return new DatabaseSync(file, { readOnly: true })
  const url = pathToFileURL(file)
  url.searchParams.set('immutable', '1')
  return new DatabaseSync(url, { readOnly: true })
}

/** What `read` finds in it; `otherwise` when there is no such database, or none that can be read. */
export function readDatabase<T>(file: string, otherwise: T, read: (database: DatabaseSync) => T): T {
  if (sizeOf(file) === 0) return otherwise
  try {
    using database = openReadOnly(file)
    return read(database)
  } catch {
    return otherwise
  }
}
