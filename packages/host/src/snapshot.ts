/** The join behind `fleet ps`: definition, supervisor, sessions, processes, answers and mailbox, without one spawn per agent. */

import { existsSync } from 'node:fs'
import type { AgentDefinition, FleetDefinition } from '@mosaic/domain/agent'
import type { AgentRecord, Flag, FleetSnapshot } from '@mosaic/domain/agent-record'
import { driftReasons, type LaunchedAs } from '@mosaic/domain/drift'
import { judgeHealth } from '@mosaic/domain/heartbeat'
import type { LifeState } from '@mosaic/domain/lifecycle'
import { activityOfStatus } from '@mosaic/domain/ports/runtime'
import type { PaneState } from '@mosaic/domain/ports/session-host'
import type { Escalation } from '@mosaic/domain/report'
import type { Activity, LimitWindow } from '@mosaic/domain/signal'
import type { Observation } from './heartbeat/observer.ts'
import type { MosaicPaths } from './paths.ts'
import { argvOf, childrenOf, treeOf } from './processes.ts'
import { homeOfMark, markOf } from './supervisor/embedded/mark.ts'

/** What the supervisor knows of an agent. */
export interface SupervisedAs {
  wanted: boolean
  failed: boolean
  state: LifeState
  launchId: string | null
  launchedAs: LaunchedAs | null
  restarts: number
  lastExit: string | null
  upForMs: number
}

/** The last call of the model failed. */
export interface HeardError {
  reason: string
  detail: string
  /** When it may go on, epoch milliseconds. */
  untilMs: number | null
}

/** What the runtime said of itself, beyond its heartbeat. */
export interface Heard {
  activity: Activity | null
  detail: string | null
  /** Monotonic age of that activity, milliseconds. */
  activityForMs: number
  model: string | null
  contextUsed: number | null
  contextLimit: number | null
  compacting: boolean
  error: HeardError | null
  limits: readonly LimitWindow[]
  spendTodayUsd: number | null
  tokensToday: number | null
}

export interface SnapshotParts {
  paths: MosaicPaths
  fleet: FleetDefinition
  nowMs: number
  observerUp: boolean
  observerNote: string | null
  rosterProblem: string | null
  /** Not acknowledged yet. */
  escalations: readonly Escalation[]
  panes: readonly PaneState[]
  supervised(name: string): SupervisedAs | undefined
  observation(name: string): Observation
  heard(name: string): Heard | undefined
  queued(name: string): number
  wedged(name: string): boolean
  recognises(agent: AgentDefinition, argv: readonly string[]): boolean
}

/** Busy for longer without a turn's progress is shown as STUCK. */
const STUCK_AFTER_MS = 30 * 60_000

interface Row {
  agent: AgentDefinition
  pane: PaneState | undefined
  supervised: SupervisedAs | undefined
}

/** True when the runtime is found in the pane's process or one of its descendants; `undefined` when none can be read. */
function runsRuntime(parts: SnapshotParts, agent: AgentDefinition, pane: PaneState): boolean | undefined {
  const own = argvOf(pane.pid)
  if (own === undefined) return undefined
  if (parts.recognises(agent, own)) return true
  return treeOf(pane.pid, 32).some((pid) => parts.recognises(agent, argvOf(pid) ?? []))
}

function driftOf(parts: SnapshotParts, { agent, pane, supervised }: Row): string[] {
  if (pane === undefined || !pane.alive) return []
  const launchId = supervised?.launchId ?? null
  const known = launchId !== null && pane.mark === markOf(parts.paths.home, launchId)
  // Before it has become the runtime the pane holds the launcher.
  const settled = (supervised?.upForMs ?? Number.POSITIVE_INFINITY) > 2_000
  const runtimeProcess = settled ? runsRuntime(parts, agent, pane) : undefined
  return driftReasons(agent, { launched: known ? (supervised?.launchedAs ?? undefined) : undefined, runtimeProcess }, agent.command ?? [])
}

function flagsOf(parts: SnapshotParts, row: Row, heard: Heard | undefined, paused: boolean): Map<Flag, string> {
  const flags = new Map<Flag, string>()
  const drift = driftOf(parts, row)
  if (drift.length > 0) flags.set('DRIFT', drift.join('; '))
  if (paused) flags.set('PAUSED', 'the fleet is paused: mosaic fleet resume')
  if (heard?.activity === 'busy' && heard.activityForMs > STUCK_AFTER_MS) {
    flags.set('STUCK', `busy for ${Math.round(heard.activityForMs / 60_000)} min without progress`)
  }
  return flags
}

function inTree(pane: PaneState): (pid: number) => boolean {
  return (pid) => pid === pane.pid || childrenOf(pane.pid).includes(pid) || treeOf(pane.pid).includes(pid)
}

/** Why a supervisor gave up: one death too many, or a launch that cannot work. */
function failureOf(supervised: SupervisedAs | undefined): string | undefined {
  if (supervised?.failed !== true) return undefined
  const { lastExit, restarts } = supervised
  return restarts > 1 ? `failed: restarted too often (last: ${lastExit ?? 'unknown'})` : `failed: ${lastExit ?? 'unknown'}`
}

type PaneWord = AgentRecord['pane']

function healthOf(parts: SnapshotParts, { agent, pane, supervised }: Row, paneState: PaneWord, observed: Observation) {
  return judgeHealth({
    observerUp: parts.observerUp,
    wanted: supervised?.wanted ?? false,
    failed: supervised?.failed ?? false,
    pane: paneState,
    ...(paneState === 'alive' && pane !== undefined ? { paneIsParentOf: inTree(pane) } : {}),
    upForMs: supervised?.upForMs ?? 0,
    beat: observed.beat,
    beatProblem: observed.problem,
    beatAgeMs: observed.ageMs,
    intervalMs: agent.heartbeatIntervalMs,
    beatLeadMs: observed.leadMs,
    unaccepted: parts.wedged(agent.name),
  })
}

/** What was launched, and how that fared. */
function lifeOf({ agent, pane, supervised }: Row, paneState: PaneWord) {
  const alive = paneState === 'alive' ? pane : undefined
  return {
    name: agent.name,
    alias: agent.alias ?? null,
    class: agent.class,
    tenant_id: agent.address.tenant_id,
    host: agent.address.host,
    runtime: agent.runtime,
    account: agent.account ?? null,
    supervisor: {
      kind: 'embedded' as const,
      wanted: supervised?.wanted ?? false,
      state: supervised?.state ?? 'down',
      enabled: null,
      restarts: supervised?.restarts ?? 0,
      last_exit: supervised?.lastExit ?? null,
    },
    pane: paneState,
    pid: alive?.pid ?? null,
    session_id: pane?.sessionId ?? null,
    idle_s: alive?.idleSeconds ?? null,
    working_directory: agent.workingDirectory,
    title: pane?.title ?? null,
  }
}

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())

/** The runtime's own word; what keeps its turn from going on stands beside it, and a runtime that is held up is not idle for that. */
function activityOf(heard: Heard | undefined, observed: Observation, nowMs: number): Pick<AgentRecord, 'activity' | 'activity_detail'> {
  const said = heard?.activity ?? (observed.beat === undefined ? null : activityOfStatus(observed.beat.status))
  if (said === 'waiting' || said === 'draft') return { activity: said, activity_detail: heard?.detail ?? null }
  if (heard?.compacting === true) return { activity: 'busy', activity_detail: 'compacting' }
  const { error = null } = heard ?? {}
  if (error?.reason !== 'rate-limited' || (error.untilMs ?? nowMs) < nowMs)
    return { activity: said, activity_detail: heard?.detail ?? null }
  const until = error.untilMs === null ? '' : ` until ${iso(error.untilMs)}`
  return { activity: 'busy', activity_detail: `rate-limited${until}` }
}

/** What the runtime says of its account and its context. */
function accountOf(heard: Heard | undefined, observed: Observation) {
  const { error = null, limits = [] } = heard ?? {}
  return {
    context_used: heard?.contextUsed ?? observed.beat?.contextUsed ?? null,
    context_limit: heard?.contextLimit ?? null,
    error: error === null ? null : { reason: error.reason, detail: error.detail, until: iso(error.untilMs) },
    limits: limits.map(({ resets_at, ...window }) => ({ ...window, resets_at: iso(resets_at) })),
    spend_today_usd: heard?.spendTodayUsd ?? null,
    tokens_today: heard?.tokensToday ?? null,
  }
}

function recordOf(parts: SnapshotParts, row: Row, paused: boolean): AgentRecord {
  const { agent, pane, supervised } = row
  const observed = parts.observation(agent.name)
  const heard = parts.heard(agent.name)
  const paneState = pane === undefined ? 'none' : pane.alive ? 'alive' : 'dead'
  const { health, reason } = healthOf(parts, row, paneState, observed)
  const flags = flagsOf(parts, row, heard, paused)
  const answers = health === 'healthy' || health === 'wedged'
  return {
    ...lifeOf(row, paneState),
    model: heard?.model ?? observed.beat?.model ?? agent.model ?? null,
    heartbeat_age_s: observed.ageMs === undefined || paneState !== 'alive' ? null : Math.round(observed.ageMs / 100) / 10,
    health,
    health_reason: failureOf(supervised) ?? reason ?? (health === 'dead' ? (supervised?.lastExit ?? null) : null),
    // What a runtime does is only known while it answers.
    ...(answers ? activityOf(heard, observed, parts.nowMs) : { activity: null, activity_detail: null }),
    ...accountOf(heard, observed),
    queued: parts.queued(agent.name),
    flags: [...flags.keys()],
    flag_reasons: Object.fromEntries(flags),
  }
}

/** Sessions that no roster entry names: all of them on a socket of our own, only marked ones on the operator's. */
function orphansOf(parts: SnapshotParts): FleetSnapshot['orphans'] {
  const { fleet, paths } = parts
  const names = new Set(fleet.agents.map((agent) => agent.name))
  return parts.panes
    .filter((pane) => !names.has(pane.session) && pane.session !== fleet.holderSession)
    .filter((pane) => fleet.socketName !== undefined || homeOfMark(pane.mark) === paths.home)
    .map((pane) => ({ session: pane.session, pid: pane.alive ? pane.pid : null, command: pane.currentCommand }))
}

export function joinSnapshot(parts: SnapshotParts): FleetSnapshot {
  const { fleet } = parts
  const bySession = new Map(parts.panes.map((pane) => [pane.session, pane]))
  const paused = existsSync(parts.paths.pausedFile)
  return {
    tenant_id: fleet.tenantId,
    host: fleet.host,
    as_of: new Date(parts.nowMs).toISOString(),
    observer: parts.observerUp ? 'up' : 'down',
    observer_note: parts.observerNote,
    supervisor: 'embedded',
    paused,
    roster_problem: parts.rosterProblem,
    socket_name: fleet.socketName ?? null,
    agents: fleet.agents.map((agent) =>
      recordOf(parts, { agent, pane: bySession.get(agent.name), supervised: parts.supervised(agent.name) }, paused),
    ),
    escalations: [...parts.escalations],
    orphans: orphansOf(parts),
  }
}
