/** Starting a whole fleet and waiting until it is healthy. */

import type { AgentRecord, FleetSnapshot } from '@mosaic/domain/agent-record'
import type { AgentOutcome } from '@mosaic/domain/fleet-control'
import type { Context } from '../context.ts'
import { noAgents, reloaded } from './open.ts'
import { snapshots } from './snapshots.ts'

/** Net under the events, milliseconds. */
const LOOK_EVERY_MS = 500
/** Names of agents in the progress, at most. */
const SHOWN = 12

export interface BroughtUp {
  outcomes: AgentOutcome[]
  snapshot: FleetSnapshot
  /** Agents of this host that do not answer. */
  unwell: AgentRecord[]
}

const isHopeless = (agent: AgentRecord): boolean => agent.supervisor.state === 'failed'

/** Agents that this host is to run and that are not healthy. */
export const unwellOf = (snapshot: FleetSnapshot): AgentRecord[] =>
  snapshot.agents.filter((agent) => agent.host === snapshot.host && agent.health !== 'healthy')

const stateText = (agent: AgentRecord): string =>
  `${agent.name}: ${agent.health}${agent.health_reason === null ? '' : `, ${agent.health_reason}`}`

function report(context: Context, snapshot: FleetSnapshot, unwell: readonly AgentRecord[]): void {
  const total = snapshot.agents.filter((agent) => agent.host === snapshot.host).length
  const more = unwell.length > SHOWN ? [`and ${unwell.length - SHOWN} more`] : []
  context.progress.say(`${total - unwell.length} of ${total} agents answer`, ...unwell.slice(0, SHOWN).map(stateText), ...more)
}

/** Starts every agent and waits until all answer, one is given up and no other can come, or `withinMs` passed. */
export async function bringUp(context: Context, withinMs: number): Promise<BroughtUp> {
  const client = await reloaded(context)
  context.progress.say('starting the agents')
  context.goesOnInBackground('the fleet goes on starting: mosaic fleet ps')
  const outcomes = await client.start()
  if (outcomes.length === 0) throw noAgents(context.paths.roster)
  const signal = AbortSignal.timeout(withinMs)
  let last: FleetSnapshot | undefined
  for await (const snapshot of snapshots(context, LOOK_EVERY_MS, signal)) {
    last = snapshot
    const unwell = unwellOf(snapshot)
    if (unwell.every(isHopeless)) return { outcomes, snapshot, unwell }
    report(context, snapshot, unwell)
  }
  const snapshot = last ?? (await client.snapshot())
  return { outcomes, snapshot, unwell: unwellOf(snapshot) }
}
