/** A change of the roster and of the fleet that runs by it, together. */

import { FleetError } from '@mosaic/domain/error'
import type { AgentOutcome } from '@mosaic/domain/fleet-control'
import type { Roster } from '@mosaic/domain/roster'
import type { WorktreeEnd } from '@mosaic/domain/worktree'
import { actorAddress, callerSession } from '@mosaic/host/audit/actor'
import type { RosterDocument } from '@mosaic/host/roster-file/edit-roster'
import type { ServiceClient } from '@mosaic/host/service/client'
import type { Context } from '../context.ts'
import { requireRoster } from '../fleet/open.ts'

/** What a verb that changes the roster did. */
export interface ChangeAnswer {
  name: string
  did: 'added' | 'changed' | 'unchanged' | 'removed'
  roster: string
  /** What became of the running agent; null when none runs. */
  outcome: AgentOutcome | null
  /** The git worktree that was made for the agent, or removed with it; null when it has none. */
  worktree: Partial<WorktreeEnd> | null
}

export interface RosterChange {
  /** The verb, for the audit log. */
  verb: 'add' | 'edit' | 'remove'
  name: string
  detail: Record<string, unknown>
  /** Works on the document; what it throws ends the change and nothing is written. */
  change(document: RosterDocument, before: Roster): void
}

/** Edits the roster file, atomically and audited. Resolves to the roster before and after. */
export async function changeRoster(
  context: Context,
  { verb, name, detail, change }: RosterChange,
): Promise<{ before: Roster; after: Roster }> {
  requireRoster(context)
  const { paths, world } = context
  const [{ editRoster }, { loadRoster, rosterError }, { accountRule }, { openAudit }, { machineDefaults }] = await Promise.all([
    import('@mosaic/host/roster-file/edit-roster'),
    import('@mosaic/host/roster-file/read-roster'),
    import('@mosaic/host/accounts/fleet-accounts'),
    import('@mosaic/host/audit/audit-log'),
    import('@mosaic/host/paths'),
  ])
  let before: Roster | undefined
  const edit = (document: RosterDocument): void => {
    const loaded = loadRoster(paths.roster)
    if (!loaded.ok) throw rosterError(loaded.faults)
    before = loaded.roster
    change(document, before)
    const machine = machineDefaults(world.env)
    const place = { tenantId: before.tenant_id ?? machine.tenantId, host: before.host ?? machine.host }
    openAudit(paths).record({
      atMs: Date.now(),
      tenant_id: place.tenantId,
      host: place.host,
      actor: actorAddress(place, callerSession(world.env)),
      verb,
      agent: name,
      ref: null,
      detail,
    })
  }
  const after = await editRoster(paths.roster, paths.rosterLock, edit, accountRule(paths))
  return { before: before ?? after, after }
}

/** Has the running service take the roster over. @throws FleetError `not_done` when it keeps the last good one */
export async function takeOver(client: ServiceClient, rosterFile: string): Promise<void> {
  const { applied, problem } = await client.reload()
  if (applied) return
  throw new FleetError('not_done', `the roster was changed, but the running fleet keeps the last good one: ${problem ?? 'it is faulty'}`, {
    where: rosterFile,
    mend: 'correct the roster, then: mosaic fleet restart',
    reason: 'roster',
  })
}
