/** The tenant's databases, as one who has to go on without a broken one sees them. */

import { FleetError } from '@mosaic/domain/error'
import { COMPANIONS, type DatabaseSpec, lookAtDatabase } from './files/database.ts'
import { foundSetAside, setAside } from './files/set-aside.ts'
import { spoolDatabase } from './mailbox/spool.ts'
import type { MosaicPaths } from './paths.ts'
import { usageDatabase } from './usage-ledger.ts'

export interface TenantDatabase extends DatabaseSpec {
  /** What is lost with it, until somebody looks. */
  loss: string
}

export const tenantDatabases = (paths: MosaicPaths): TenantDatabase[] => [
  { ...spoolDatabase(paths), loss: 'messages that were not accepted yet are not delivered, and earlier receipts are not found' },
  { ...usageDatabase(paths), loss: 'tokens and cost of today are counted from here on' },
]

/** What cannot be looked at is not called broken: who opens it says what the machine lacks. */
function faultOf(spec: DatabaseSpec): string | undefined {
  try {
    return lookAtDatabase(spec, { mayRecover: true }).fault
  } catch (error) {
    if (error instanceof FleetError) return undefined
    throw error
  }
}

/**
 * Sets every database aside that is broken, so that a new one is made: a fleet with a broken spool must still be one that
 * can be stopped. Only for the holder of the service lock: another process would go on writing the file that was moved.
 * @throws FleetError `not_done` when one cannot be moved
 */
export function setBrokenAside(paths: MosaicPaths, nowMs: number, log: (text: string) => void): void {
  for (const spec of tenantDatabases(paths)) {
    const fault = faultOf(spec)
    if (fault === undefined) continue
    const name = setAside(spec.file, nowMs, COMPANIONS)
    log(`BROKEN: ${spec.what} cannot be used (${fault}). It was set aside as ${name}, and a new one is made: ${spec.loss}`)
  }
}

/** Which databases were set aside and are still there, for a snapshot; null when there is none. */
export function setAsideNote(paths: MosaicPaths): string | null {
  const found = tenantDatabases(paths).filter(({ file }) => foundSetAside(file).length > 0)
  return found.length === 0 ? null : `${found.map(({ what }) => what).join(' and ')} was broken and is set aside: mosaic fleet doctor`
}
