/** What is in a fleet's spool, read from beside the product. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { FleetUnderTest } from '../fleet-under-test.ts'

/** Ids of everything that was ever stored, in order. */
export function spooled(fleet: FleetUnderTest): string[] {
  const file = join(fleet.paths.spool, 'spool.db')
  if (!existsSync(file)) return []
  using database = new DatabaseSync(file, { readOnly: true, timeout: 10_000 })
  return database
    .prepare('SELECT id FROM message ORDER BY seq')
    .all()
    .map((row) => String(row['id']))
}
