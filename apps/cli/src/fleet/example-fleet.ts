/** Records for tests: a fleet as it might be. */

import type { AgentRecord, FleetSnapshot } from '@mosaic/domain/agent-record'

export const agentRecord = (changes: Partial<AgentRecord> = {}): AgentRecord => ({
  name: 'coder0',
  alias: null,
  class: 'coder',
  tenant_id: 'ten',
  host: 'box',
  runtime: 'stub',
  model: 'stub',
  supervisor: { kind: 'embedded', wanted: true, state: 'up', enabled: null, restarts: 0, last_exit: null },
  pane: 'alive',
  pid: 4711,
  session_id: '$1',
  idle_s: 3,
  heartbeat_age_s: 1.2,
  health: 'healthy',
  health_reason: null,
  activity: 'idle',
  activity_detail: null,
  context_used: 1200,
  spend_today_usd: 0.5,
  tokens_today: 10,
  queued: 0,
  flags: [],
  flag_reasons: {},
  working_directory: '/work',
  title: null,
  ...changes,
})

export const fleetSnapshot = (changes: Partial<FleetSnapshot> = {}): FleetSnapshot => ({
  tenant_id: 'ten',
  host: 'box',
  as_of: '2026-11-26T13:44:40.664Z',
  observer: 'up',
  observer_note: null,
  supervisor: 'embedded',
  paused: false,
  roster_problem: null,
  socket_name: 'mosaic-fleet',
  agents: [agentRecord()],
  orphans: [],
  ...changes,
})
