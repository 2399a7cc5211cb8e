/** An agent as defined, in the form that leaves the process. */

import { formatAddress } from '@mosaic/domain/address'
import type { AgentDefinition, FleetDefinition } from '@mosaic/domain/agent'

export interface DefinitionRecord {
  name: string
  tenant_id: string
  host: string
  address: string
  class: string
  alias: string | null
  runtime: string
  model: string | null
  effort: string | null
  working_directory: string
  /** argv that the roster gives instead of the runtime's own. */
  command: readonly string[] | null
  /** null: the runtime's own home. */
  account: string | null
  yolo: boolean
  lifecycle: 'core' | 'ephemeral'
  heartbeat_interval_s: number
}

export const definitionRecord = (agent: AgentDefinition): DefinitionRecord => ({
  name: agent.name,
  tenant_id: agent.address.tenant_id,
  host: agent.address.host,
  address: formatAddress(agent.address),
  class: agent.class,
  alias: agent.alias ?? null,
  runtime: agent.runtime,
  model: agent.model ?? null,
  effort: agent.effort ?? null,
  working_directory: agent.workingDirectory,
  command: agent.command ?? null,
  account: agent.account ?? null,
  yolo: agent.yolo,
  lifecycle: agent.lifecycle,
  heartbeat_interval_s: agent.heartbeatIntervalMs / 1000,
})

export interface RosterAnswer {
  tenant_id: string
  host: string
  roster: string
  /** null: tmux's default socket. */
  socket_name: string | null
  agents: DefinitionRecord[]
}

export const rosterAnswer = (fleet: FleetDefinition, roster: string): RosterAnswer => ({
  tenant_id: fleet.tenantId,
  host: fleet.host,
  roster,
  socket_name: fleet.socketName ?? null,
  agents: fleet.agents.map(definitionRecord),
})
