/** The fleet as a verb finds it: over the host service when it runs, else from the files. */

import { existsSync, statSync } from 'node:fs'
import type { FleetDefinition } from '@mosaic/domain/agent'
import type { FleetSnapshot } from '@mosaic/domain/agent-record'
import { FleetError } from '@mosaic/domain/error'
import type { Roster } from '@mosaic/domain/roster'
import type { LivesAt } from '@mosaic/host/roster-in-force'
import type { ServiceClient } from '@mosaic/host/service/client'
import type { Context } from '../context.ts'

export const noRoster = (file: string): FleetError =>
  new FleetError('not_found', 'there is no fleet yet: no roster', { where: file, mend: 'mosaic fleet up', reason: 'no_roster' })

/** What to do about a roster without agents; works whatever stands in it besides. */
export const FIRST_AGENT = 'mosaic fleet add orchestrator --runtime stub'

export const noAgents = (file: string): FleetError =>
  new FleetError('not_done', 'the roster names no agents', { where: file, mend: FIRST_AGENT, reason: 'no_agents' })

export const noAgent = (name: string): FleetError =>
  new FleetError('not_found', `no agent ${JSON.stringify(name)} in the roster`, { mend: 'mosaic agent list', reason: 'no_agent' })

/**
 * Whether there is a roster file. A link counts by what it leads to.
 * @throws FleetError `invalid` when something else stands in its place, which is neither read nor replaced
 */
export function rosterStands(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined || stat.isFile()) return stat !== undefined
  const kind = stat.isDirectory() ? 'a directory' : stat.isFIFO() ? 'a pipe' : stat.isSocket() ? 'a socket' : 'a device'
  throw new FleetError('invalid', `the roster is to be a file, and ${kind} stands in its place`, {
    where: path,
    mend: 'move it away, or name another file with --roster',
    reason: 'not-a-file',
  })
}

/** @throws FleetError `not_found` when nobody made a fleet here yet */
export function requireRoster(context: Context): void {
  if (!existsSync(context.paths.roster)) throw noRoster(context.paths.roster)
}

/** The roster on disk. @throws FleetError `not_found` without one, `invalid` with every fault of a bad one */
export async function readRoster(context: Context): Promise<Roster> {
  if (!rosterStands(context.paths.roster)) throw noRoster(context.paths.roster)
  const [{ loadRoster, rosterError }, { accountRule }] = await Promise.all([
    import('@mosaic/host/roster-file/read-roster'),
    import('@mosaic/host/accounts/fleet-accounts'),
  ])
  const loaded = loadRoster(context.paths.roster, accountRule(context.paths))
  if (!loaded.ok) throw rosterError(loaded.faults)
  return loaded.roster
}

/** The roster on disk with every default filled in. */
export async function readDefinition(context: Context): Promise<FleetDefinition> {
  const roster = await readRoster(context)
  const [{ defineWithAccounts }, { machineDefaults }] = await Promise.all([
    import('@mosaic/host/accounts/fleet-accounts'),
    import('@mosaic/host/paths'),
  ])
  return defineWithAccounts(roster, machineDefaults(context.world.env), context.paths)
}

/** As the running fleet has it: while the roster on disk is faulty or refused, the last good one, and that is said. */
export async function definitionInForce(context: Context): Promise<FleetDefinition> {
  // Says so, or refuses, when the running fleet goes by another one than was named.
  if (context.namesRoster) await context.service()
  requireRoster(context)
  const [{ rosterInForce }, { machineDefaults }] = await Promise.all([import('@mosaic/host/roster-in-force'), import('@mosaic/host/paths')])
  const { env } = context.world
  const livesAt: LivesAt = async (place) => (await import('@mosaic/host/fleet-lives-at')).fleetLivesAt(context.paths.home, place, env)
  const { fleet, problem } = await rosterInForce(context.paths, machineDefaults(env), livesAt)
  if (problem !== null) context.note('The roster on disk is not in force, the last good one is: mosaic fleet doctor')
  return fleet
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
    const { agents } = await definitionInForce(context)
    if (agents.length === 0) throw noAgents(context.paths.roster)
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
