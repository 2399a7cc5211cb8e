/** The tmux session of one agent, for those who look at it or take it over. */

import type { AgentDefinition, FleetDefinition } from '@mosaic/domain/agent'
import { FleetError } from '@mosaic/domain/error'
import { Tmux } from '@mosaic/host/tmux/tmux'
import { NO_SESSION } from '@mosaic/host/tmux/tmux-failure'
import type { Context } from '../context.ts'
import { definitionInForce, noAgent } from './open.ts'

export interface AgentSession {
  fleet: FleetDefinition
  agent: AgentDefinition
  tmux: Tmux
}

/** @throws FleetError `not_found` when the roster has no such agent, `refused` when another host runs it */
export async function agentSession(context: Context, name: string): Promise<AgentSession> {
  const fleet = await definitionInForce(context)
  const agent = fleet.agents.find((one) => one.name === name)
  if (agent === undefined) throw noAgent(name)
  if (!agent.local) {
    const { host } = agent.address
    throw new FleetError('refused', `${name} lives on host ${host}`, {
      mend: `ssh -t ${agent.ssh ?? host} mosaic agent watch ${name}`,
      reason: 'other-host',
    })
  }
  return { fleet, agent, tmux: new Tmux({ socketName: fleet.socketName, env: context.world.env }) }
}

/** It is in the roster, so it is there to be started. */
export const notRunning = (name: string): FleetError =>
  new FleetError('not_done', `${name} is not running`, {
    reason: 'not-running',
    mend: `mosaic fleet start ${name}; if it ended by itself, why: mosaic agent status ${name}`,
  })

/** What is done with the agent's session. @throws FleetError `not_done` when it has none */
export async function inSession<T>(name: string, act: Promise<T>): Promise<T> {
  try {
    return await act
  } catch (error) {
    if (error instanceof FleetError && error.reason === NO_SESSION) throw notRunning(name)
    throw error
  }
}

/** Whole seconds since `beganMs`, of the monotonic clock. */
export const secondsSince = (beganMs: number): number => Math.round((performance.now() - beganMs) / 100) / 10
