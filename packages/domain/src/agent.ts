/** An agent as defined: a roster entry with every default filled in. */

import type { Address } from './address.ts'
import { DEFAULT_HEARTBEAT_INTERVAL_MS } from './heartbeat.ts'
import { type AgentClass, classOfName } from './role.ts'
import { type AgentEntry, DEFAULT_HOLDER_SESSION, type Roster, type RuntimeId } from './roster.ts'
import type { ScreenRules } from './screen-rules.ts'

export interface AgentDefinition {
  name: string
  class: AgentClass
  alias: string | undefined
  address: Address
  runtime: RuntimeId
  model: string | undefined
  effort: AgentEntry['effort']
  /** Absolute. */
  workingDirectory: string
  /** argv of the runtime when the roster overrides the adapter's own. */
  command: readonly string[] | undefined
  env: Readonly<Record<string, string>>
  /** Names the account whose home is in `env`; absent: the runtime's own home. */
  account?: string | undefined
  /** Variables of the launcher's environment that the roster passes on to its runtime. */
  inherit?: readonly string[]
  /** Of a runtime that the roster describes. */
  screenRules?: ScreenRules | undefined
  heartbeatIntervalMs: number
  yolo: boolean
  lifecycle: 'core' | 'ephemeral'
  /** How long it may be idle before it ends by itself, milliseconds. */
  idleTimeoutMs?: number | undefined
  /** True when this host runs it. */
  local: boolean
  ssh: string | undefined
}

export interface FleetDefinition {
  tenantId: string
  host: string
  /** `undefined`: the default socket of tmux, no `-L`. */
  socketName: string | undefined
  holderSession: string
  agents: readonly AgentDefinition[]
}

/** What the roster leaves to the machine. */
export interface MachineDefaults {
  tenantId: string
  host: string
  /** Absolute. */
  homeDirectory: string
  /** `MOSAIC_HEARTBEAT_INTERVAL`, milliseconds. */
  heartbeatIntervalMs: number | undefined
}

export const expandHome = (path: string, home: string): string =>
  path === '~' ? home : path.startsWith('~/') ? `${home}/${path.slice(2)}` : path

/** The roster with every default filled in. Pure: the same roster and machine give the same fleet. */
export function defineFleet(roster: Roster, machine: MachineDefaults): FleetDefinition {
  const tenantId = roster.tenant_id ?? machine.tenantId
  const host = roster.host ?? machine.host
  const agents = roster.agents.map((entry): AgentDefinition => {
    const runtime = entry.runtime ?? roster.defaults?.runtime ?? 'stub'
    const settings = roster.runtimes?.[runtime]
    const agentHost = entry.host ?? host
    const seconds = settings?.heartbeat_interval
    return {
      name: entry.name,
      class: entry.class ?? classOfName(entry.name),
      alias: entry.alias,
      address: { tenant_id: tenantId, host: agentHost, session: entry.name },
      runtime,
      model: entry.model_hint ?? roster.defaults?.model,
      effort: entry.effort,
      workingDirectory: expandHome(entry.working_directory ?? roster.defaults?.working_directory ?? '~', machine.homeDirectory),
      command: entry.command ?? settings?.command,
      env: settings?.env ?? {},
      account: entry.account,
      inherit: settings?.inherit ?? [],
      screenRules: settings?.screen,
      heartbeatIntervalMs: seconds === undefined ? (machine.heartbeatIntervalMs ?? DEFAULT_HEARTBEAT_INTERVAL_MS) : seconds * 1000,
      yolo: entry.yolo ?? false,
      lifecycle: entry.lifecycle ?? 'core',
      idleTimeoutMs: entry.idle_timeout === undefined ? undefined : entry.idle_timeout * 1000,
      local: agentHost === host,
      ssh: entry.ssh,
    }
  })
  return {
    tenantId,
    host,
    socketName: roster.tmux?.socket_name,
    holderSession: roster.tmux?.holder_session ?? DEFAULT_HOLDER_SESSION,
    agents,
  }
}
