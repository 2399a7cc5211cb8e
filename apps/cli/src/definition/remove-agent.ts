/** Taking an agent out of the roster and out of the running fleet. */

import { FleetError } from '@mosaic/domain/error'
import { removalProblem } from '@mosaic/domain/roster-policy'
import type { ServiceClient } from '@mosaic/host/service/client'
import type { Context } from '../context.ts'
import { noAgent, readRoster, snapshotOf } from '../fleet/open.ts'
import { type ChangeAnswer, changeRoster, takeOver } from './change-roster.ts'

/** The service that can end its session; `undefined` when there is none to end. */
async function whoeverStops(context: Context, name: string): Promise<ServiceClient | undefined> {
  const running = await context.service()
  if (running !== undefined) return running
  const { agents } = await snapshotOf(context)
  return agents.some((agent) => agent.name === name && agent.pane !== 'none') ? context.ensureService() : undefined
}

/**
 * Stops it first: a session that no roster names would be an orphan.
 * @throws FleetError `not_found`, or `refused` for the orchestrator and the last enhancer
 */
export async function removeAgent(context: Context, name: string): Promise<ChangeAnswer> {
  const roster = await readRoster(context)
  const refuse = (current: typeof roster) => {
    if (!current.agents.some((agent) => agent.name === name)) throw noAgent(name)
    const problem = removalProblem(current, name)
    if (problem !== undefined) throw new FleetError('refused', problem, { reason: 'floor', mend: `mosaic fleet stop ${name}` })
  }
  refuse(roster)
  const client = await whoeverStops(context, name)
  context.progress.say(`stopping ${name}`)
  const [outcome] = client === undefined ? [] : await client.stop([name])
  try {
    await changeRoster(context, {
      verb: 'remove',
      name,
      detail: {},
      change: (document, current) => {
        refuse(current)
        document.removeAgent(name)
      },
    })
  } catch (error) {
    if (outcome?.did === 'stopped') await client?.start([name])
    throw error
  }
  if (client !== undefined) await takeOver(client, context.paths.roster)
  const { dropWorktree } = await import('@mosaic/host/worktrees/worktree')
  const worktree = (await dropWorktree(context.paths, name)) ?? null
  return { name, did: 'removed', roster: context.paths.roster, outcome: outcome ?? null, worktree }
}
