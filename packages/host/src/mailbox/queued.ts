/** How many messages wait, as seen without the host service. */

import { join } from 'node:path'
import { readDatabase } from '../files/read-only-database.ts'
import type { MosaicPaths } from '../paths.ts'

/** Unsettled messages per receiver; none when there is no spool, or none that can be read. */
export function queuedOnDisk(paths: MosaicPaths): Map<string, number> {
  return readDatabase(join(paths.spool, 'spool.db'), new Map(), (database) => {
    const rows = database
      .prepare(`SELECT session, count(*) AS queued FROM message WHERE state IN ('stored', 'injecting', 'injected') GROUP BY session`)
      .all() as unknown as { session: string; queued: number }[]
    return new Map(rows.map(({ session, queued }) => [session, queued]))
  })
}
