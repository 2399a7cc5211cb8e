/** The fleet as a verb finds it: over the host service when it runs, else from the files. */

import { existsSync } from 'node:fs'
import type { FleetDefinition } from '@mosaic/domain/agent'
import type { FleetSnapshot } from '@mosaic/domain/agent-record'
import { FleetError } from '@mosaic/domain/error'
import type { Roster } from '@mosaic/domain/roster'
import type { ServiceClient } from '@mosaic/host/service/client'
import type { Context } from '../context.ts'

export const noRoster = (file: string): FleetError =>
  new FleetError('not_found', 'there is no fleet yet: no roster', { where: file, mend: 'mosaic fleet up', reason: 'no_roster' })

export const noAgent = (name: string): FleetError =>
  new FleetError('not_found', `no agent ${JSON.stringify(name)} in the roster`, { mend: 'mosaic agent list', reason: 'no_agent' })

/** @throws FleetError `not_found` when nobody made a fleet here yet */
export function requireRoster(context: Context): void {
  if (!existsSync(context.paths.roster)) throw noRoster(context.paths.roster)
}

/** The roster on disk. @throws FleetError `not_found` without one, `invalid` with every fault of a bad one */
export async function readRoster(context: Context): Promise<Roster> {
  requireRoster(context)
  const { loadRoster, rosterError } = await import('@mosaic/host/roster-file/read-roster')
  const loaded = loadRoster(context.paths.roster)
  if (!loaded.ok) throw rosterError(loaded.faults)
  return loaded.roster
}

/** The roster on disk with every default filled in. */
export async function readDefinition(context: Context): Promise<FleetDefinition> {
  const roster = await readRoster(context)
  const [{ defineFleet }, { machineDefaults }] = await Promise.all([import('@mosaic/domain/agent'), import('@mosaic/host/paths')])
  return defineFleet(roster, machineDefaults(context.world.env))
}

/** As the running fleet has it: while the roster on disk is faulty, the last good one, and that is said. */
export async function definitionInForce(context: Context): Promise<FleetDefinition> {
  try {
    return await readDefinition(context)
  } catch (error) {
    if (!(error instanceof FleetError) || error.code !== 'invalid') throw error
    const [{ rosterInForce }, { machineDefaults }] = await Promise.all([
      import('@mosaic/host/roster-in-force'),
      import('@mosaic/host/paths'),
    ])
    const { fleet } = rosterInForce(context.paths, machineDefaults(context.world.env))
    context.note('The roster is faulty, and the last good one is in force: mosaic fleet doctor')
    return fleet
  }
}

/** The host service's view, or without it a read-only look at files, sessions and processes. */
export async function snapshotOf(context: Context): Promise<FleetSnapshot> {
  const client = await context.service()
  if (client !== undefined) return client.snapshot()
  requireRoster(context)
  const { localSnapshot } = await import('@mosaic/host/local-view')
  return localSnapshot(context.paths, context.world.env)
}

/** The host service, started when it does not run, with the roster that is on disk now; a faulty one is told and the last good one used. */
export async function reloaded(context: Context): Promise<ServiceClient> {
  const running = await context.service()
  if (running === undefined) {
    // A faulty roster is told as such, not by the log of a service that could not start with it.
    await definitionInForce(context)
    return context.ensureService()
  }
  const { problem } = await running.reload()
  if (problem !== null) context.note(`The roster is faulty, and the last good one stays in force:\n  ${problem.split('\n').join('\n  ')}`)
  return running
}

/** The snapshot with only the named agents, in the order named. @throws FleetError `not_found` for a name it does not have */
export function onlyNamed(snapshot: FleetSnapshot, names: readonly string[]): FleetSnapshot {
  if (names.length === 0) return snapshot
  const byName = new Map(snapshot.agents.map((agent) => [agent.name, agent]))
  const agents = [...new Set(names)].map((name) => {
    const agent = byName.get(name)
    if (agent === undefined) throw noAgent(name)
    return agent
  })
  return { ...snapshot, agents }
}
