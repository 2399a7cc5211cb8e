/** How many messages wait, as seen without the host service: read only, nothing made, nothing locked against a writer. */

import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import type { MosaicPaths } from '../paths.ts'

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

/** A reader of a database with a log makes the log's index when there is none; without a log all is in the one file, which is taken as it is. */
function openReadOnly(file: string): DatabaseSync {
  const hasLog = sizeOf(`${file}-wal`) > 0 && sizeOf(`${file}-shm`) > 0
  if (hasLog) return new DatabaseSync(file, { readOnly: true })
  const url = pathToFileURL(file)
  url.searchParams.set('immutable', '1')
  return new DatabaseSync(url, { readOnly: true })
}

/** Unsettled messages per receiver; none when there is no spool, or none that can be read. */
export function queuedOnDisk(paths: MosaicPaths): Map<string, number> {
  const file = join(paths.spool, 'spool.db')
  if (sizeOf(file) === 0) return new Map()
  try {
    using database = openReadOnly(file)
    const rows = database
      .prepare(`SELECT session, count(*) AS queued FROM message WHERE state IN ('stored', 'injecting', 'injected') GROUP BY session`)
      .all() as unknown as { session: string; queued: number }[]
    return new Map(rows.map(({ session, queued }) => [session, queued]))
  } catch {
    return new Map()
  }
}
