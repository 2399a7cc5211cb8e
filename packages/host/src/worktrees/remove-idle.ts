/** The removal of an ephemeral agent by the host service itself: as `fleet remove` does it, and in its own name. */

import type { AgentOutcome } from '@mosaic/domain/fleet-control'
import { removalProblem } from '@mosaic/domain/roster-policy'
import type { WorktreeEnd } from '@mosaic/domain/worktree'
import { accountRule } from '../accounts/fleet-accounts.ts'
import type { FleetAudit } from '../audit/fleet-audit.ts'
import type { MosaicPaths } from '../paths.ts'
import { editRoster } from '../roster-file/edit-roster.ts'
import { loadRoster } from '../roster-file/read-roster.ts'
import { dropWorktree } from './worktree.ts'

export interface RemoveIdleParts {
  paths: MosaicPaths
  audit: FleetAudit
  stop(name: string): Promise<AgentOutcome>
  /** Takes the changed roster over. */
  reload(): Promise<unknown>
}

/** @throws FleetError when the roster cannot be changed, or must not lose this agent; Error when it did not stop */
export async function removeIdle({ paths, audit, stop, reload }: RemoveIdleParts, name: string): Promise<WorktreeEnd | undefined> {
  const loaded = loadRoster(paths.roster)
  const problem = loaded.ok ? removalProblem(loaded.roster, name) : 'the roster is faulty'
  if (problem !== undefined) throw new Error(problem)
  audit.record({ verb: 'remove', agent: name, detail: { because: 'it was idle for as long as its roster lets it' } })
  const { did, detail } = await stop(name)
  if (did === 'failed') throw new Error(detail ?? 'it did not stop')
  await editRoster(paths.roster, paths.rosterLock, (document) => document.removeAgent(name), accountRule(paths))
  await reload()
  return dropWorktree(paths, name)
}
