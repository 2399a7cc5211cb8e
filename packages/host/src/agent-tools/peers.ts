/** The fleet as an agent sees it. */

import type { AgentRecord, FleetSnapshot } from '@mosaic/domain/agent-record'
import { displaySafe } from '@mosaic/domain/display'

const safe = (text: string | null): string | null => (text === null ? null : displaySafe(text))

const peerOf = (agent: AgentRecord, self: string) => ({
  name: agent.name,
  alias: safe(agent.alias),
  class: agent.class,
  address: `${agent.tenant_id}@${agent.host}:${agent.name}`,
  you: agent.name === self,
  orchestrator: agent.class === 'orchestrator',
  runtime: agent.runtime,
  model: safe(agent.model),
  health: agent.health,
  health_reason: safe(agent.health_reason),
  activity: agent.activity,
  activity_detail: safe(agent.activity_detail),
  queued: agent.queued,
})

export function peersOf({ tenant_id, host, as_of, paused, agents }: FleetSnapshot, self: string) {
  return {
    tenant_id,
    host,
    as_of,
    paused,
    orchestrator: agents.find((agent) => agent.class === 'orchestrator')?.name ?? null,
    agents: agents.map((agent) => peerOf(agent, self)),
  }
}
