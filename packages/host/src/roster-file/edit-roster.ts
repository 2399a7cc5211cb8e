/** Changes of the roster file: one at a time, the file always whole, the operator's text kept. */

import { mkdirSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Roster } from '@mosaic/domain/roster'
import { atomicWrite, temporaryFile } from '../files/atomic-write.ts'
import { FileLock } from '../files/lock.ts'
import { isRunning } from '../processes.ts'
import type { RosterRule } from './read-roster.ts'
import { RosterDocument } from './roster-document.ts'
import { placeFaults, rosterError } from './roster-fault.ts'
import { readRosterFile } from './roster-text.ts'

export type { AgentChanges } from './roster-document.ts'
export { RosterDocument } from './roster-document.ts'

/** How long an edit waits for the edits before it, milliseconds. */
const LOCK_WITHIN_MS = 30_000

/** Removes the temporary files of writers that were killed before they could rename them. */
function sweep(file: string): void {
  for (const entry of readdirSync(dirname(file))) {
    const left = temporaryFile(entry)
    if (left?.target === basename(file) && !isRunning(left.pid)) rmSync(join(dirname(file), entry), { force: true })
  }
}

/**
 * Reads the roster under its lock, lets `change` work on it, and writes the result if it is a good roster; else the file
 * stays untouched. A symbolic link is written through. The mode is kept.
 * @param change what it throws ends the edit and nothing is written
 * @param rule of the result, beyond that it is a good roster
 * @throws FleetError `not_found` when there is no roster, `invalid` when it or the result is faulty, `not_done` when the
 *   lock is not had or the layout does not allow the change
 */
export async function editRoster(
  path: string,
  lockPath: string,
  change: (document: RosterDocument) => void,
  rule?: RosterRule,
): Promise<Roster> {
  mkdirSync(dirname(lockPath), { recursive: true, mode: 0o700 })
  using _lock = await FileLock.acquire(lockPath, LOCK_WITHIN_MS, 'the roster')
  const { text, mode, fault } = readRosterFile(path)
  if (fault !== undefined) throw rosterError(placeFaults(text, path, [fault]))
  const document = new RosterDocument(text, path)
  change(document)
  const roster = document.finish(rule)
  if (document.text !== text) {
    const target = realpathSync(path)
    sweep(target)
    atomicWrite(target, document.text, { mode })
  }
  return roster
}
