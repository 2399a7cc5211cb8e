/** The table of `fleet ps` and what is said below it. */

import type { AgentRecord, FleetSnapshot } from '@mosaic/domain/agent-record'
import { displaySafe } from '@mosaic/domain/display'
import { loginMend } from '@mosaic/domain/login'
import { shortDuration } from '../output/duration.ts'
import type { Style } from '../output/style.ts'
import { type Column, tableLines } from '../output/table.ts'
import { wrap } from '../output/width.ts'
import { FIRST_AGENT } from './open.ts'
import { unableBecause } from './unable.ts'

/** So many open calls stand below the table by themselves. */
const MAX_ESCALATIONS = 3
/** Columns up to this rank are shown where the width is not known. */
const COMMON_RANK = 8

export function paintHealth(style: Style, text: string, health: AgentRecord['health']): string {
  if (health === 'healthy') return style.green(text)
  if (health === 'dead' || health === 'wedged') return style.red(text)
  if (health === 'stopped') return style.dim(text)
  return style.yellow(text)
}

const seconds = (value: number | null): string => (value === null ? '' : shortDuration(value))

function supervisorCell({ supervisor }: AgentRecord): string {
  const enabled = supervisor.enabled === null ? '' : supervisor.enabled ? '/enabled' : '/disabled'
  const restarts = supervisor.restarts === 0 ? '' : ` (${supervisor.restarts}x)`
  return `${supervisor.state}${enabled}${restarts}`
}

const tokens = (count: number | null): string => (count === null ? '' : count < 1000 ? String(count) : `${Math.round(count / 1000)}k`)

const columnsOf = (style: Style): Column<AgentRecord>[] => [
  { title: 'NAME', cell: (agent) => agent.name, rank: 0, max: 32, min: 8, paint: (text) => style.bold(text) },
  { title: 'ALIAS', cell: (agent) => agent.alias ?? '', rank: 9, sparse: true, max: 20 },
  { title: 'CLASS', cell: (agent) => agent.class, rank: 4, max: 18 },
  { title: 'RUNTIME', cell: (agent) => agent.runtime, rank: 1 },
  { title: 'MODEL', cell: (agent) => agent.model ?? '', rank: 6, sparse: true, max: 24, min: 8 },
  { title: 'HEALTH', cell: (agent) => agent.health, rank: 0, paint: (text, agent) => paintHealth(style, text, agent.health) },
  { title: 'ACTIVITY', cell: (agent) => agent.activity ?? '', rank: 0.5, paint: (text, agent) => paintActivity(style, text, agent) },
  { title: 'BEAT', cell: (agent) => seconds(agent.heartbeat_age_s), rank: 2, align: 'right' },
  { title: 'IDLE', cell: (agent) => seconds(agent.idle_s), rank: 5, align: 'right' },
  { title: 'PID', cell: (agent) => (agent.pid === null ? '' : String(agent.pid)), rank: 3, align: 'right' },
  { title: 'QUEUED', cell: (agent) => (agent.queued === 0 ? '' : String(agent.queued)), rank: 7, sparse: true, align: 'right' },
  { title: 'PANE', cell: (agent) => agent.pane, rank: 10 },
  { title: 'SUPERVISOR', cell: supervisorCell, rank: 11 },
  { title: 'CONTEXT', cell: (agent) => tokens(agent.context_used), rank: 12, sparse: true, align: 'right' },
  {
    title: 'SPEND',
    cell: (agent) => (agent.spend_today_usd === null ? '' : `$${agent.spend_today_usd.toFixed(2)}`),
    rank: 13,
    sparse: true,
    align: 'right',
  },
  { title: 'HOST', cell: (agent) => agent.host, rank: 14, max: 20 },
  { title: 'TENANT', cell: (agent) => agent.tenant_id, rank: 15, max: 16 },
  { title: 'FLAGS', cell: (agent) => agent.flags.join(','), rank: 0, sparse: true, paint: (text) => style.yellow(text) },
]

function paintActivity(style: Style, text: string, agent: AgentRecord): string {
  return agent.activity === 'waiting' || agent.activity === 'draft' || unableBecause(agent) !== undefined ? style.yellow(text) : text
}

export interface PsOptions {
  style: Style
  /** Columns of the terminal; absent: nothing is cut. */
  width?: number | undefined
  /** Every column, however wide it gets. */
  wide?: boolean
  /** Done to each line below the table before it is fitted. */
  complete?: (text: string) => string
}

/** Names, at most `most` of them. */
export const some = (names: readonly string[], most = 4): string =>
  names.length <= most ? names.join(', ') : `${names.slice(0, most).join(', ')} and ${names.length - most} more`

/** One line per distinct reason, with the agents it holds for. */
function grouped(pairs: readonly (readonly [reason: string, name: string])[]): string[] {
  const byReason = new Map<string, string[]>()
  for (const [reason, name] of pairs) byReason.set(reason, [...(byReason.get(reason) ?? []), name])
  return Array.from(byReason, ([reason, names]) => `${some(names)}: ${reason}`)
}

function activityWords(agent: AgentRecord): string {
  const unable = unableBecause(agent)
  return unable === undefined ? `${agent.activity} for ${agent.activity_detail}` : `takes no message: ${unable}`
}

function summaryLine(snapshot: FleetSnapshot): string {
  const count = new Map<string, number>()
  for (const { health } of snapshot.agents) count.set(health, (count.get(health) ?? 0) + 1)
  const counts = Array.from(count, ([health, number]) => `${number} ${health}`).join(', ')
  const total = snapshot.agents.length
  const socket = snapshot.socket_name === null ? "tmux's default socket" : `tmux socket ${snapshot.socket_name}`
  return `${total} agent${total === 1 ? '' : 's'}${counts === '' ? '' : `: ${counts}`} · ${snapshot.supervisor} supervisor · ${socket}`
}

function withoutService(agents: readonly AgentRecord[]): string {
  if (agents.some(({ pane }) => pane === 'alive')) return 'observer down: nobody judges health'
  return agents.some(({ supervisor }) => supervisor.wanted) ? 'nothing of the fleet runs, and it is meant to' : 'the fleet is stopped'
}

/** What the table cannot say in a word, each with what can be done about it. */
export function footerLines(snapshot: FleetSnapshot): string[] {
  const { agents } = snapshot
  const lines: string[] = []
  if (agents.length === 0) lines.push(`no agents: ${FIRST_AGENT}`)
  else if (snapshot.observer === 'down') {
    lines.push(`${withoutService(agents)}; the host service does not run: mosaic fleet start`)
  }
  if (snapshot.observer_note !== null) lines.push(`observer: ${snapshot.observer_note}`)
  if (snapshot.roster_problem !== null) {
    lines.push(`roster: ${snapshot.roster_problem.split('\n')[0]}; the last good one is in force; mosaic fleet doctor`)
  }
  if (snapshot.paused) lines.push('PAUSED: no dispatch and no merge; mosaic fleet resume')
  const unwell = agents.filter(({ health, health_reason }) => health_reason !== null && health !== 'healthy' && health !== 'stopped')
  const told = snapshot.observer === 'down' ? unwell.filter(({ health }) => health !== 'unknown') : unwell
  lines.push(...grouped(told.map((agent) => [`${agent.health}, ${agent.health_reason}`, agent.name])))
  lines.push(...grouped(agents.filter((agent) => agent.activity_detail !== null).map((agent) => [activityWords(agent), agent.name])))
  const loggedOut = agents.filter(({ error, pane }) => error?.reason === 'logged-out' && pane === 'alive')
  lines.push(...grouped(loggedOut.map(({ name, runtime, account }) => [`logged out: ${loginMend(runtime, account)}`, name])))
  lines.push(
    ...grouped(
      agents.flatMap((agent) =>
        agent.flags
          .filter((flag) => flag !== 'PAUSED')
          .map((flag) => [`${flag}, ${agent.flag_reasons[flag] ?? 'no reason given'}`, agent.name] as const),
      ),
    ),
  )
  for (const { id, agent, trigger } of snapshot.escalations.slice(0, MAX_ESCALATIONS))
    lines.push(`ESCALATION: ${agent}: ${trigger}; mosaic fleet escalations --ack ${id}`)
  if (snapshot.escalations.length > MAX_ESCALATIONS)
    lines.push(`and ${snapshot.escalations.length - MAX_ESCALATIONS} more: mosaic fleet escalations`)
  if (snapshot.orphans.length > 0) {
    const names = snapshot.orphans.map(({ session, command }) => `${session} (${command})`)
    lines.push(`ORPHAN: ${some(names)}: on the socket, but not in the roster`)
  }
  return lines.map(displaySafe)
}

/** The table, a summary and the footer, without a final newline. */
export function psLines(snapshot: FleetSnapshot, options: PsOptions): string[] {
  const { style, width, wide = false, complete = (text) => text } = options
  const fit = wide ? {} : width === undefined ? { maxRank: COMMON_RANK } : { width }
  const table = tableLines(columnsOf(style), snapshot.agents, { style, ...fit })
  const fitted = (line: string) => (width === undefined || wide ? [line] : wrap(line, width))
  const summary = fitted(summaryLine(snapshot)).map((line) => style.dim(line))
  const footer = footerLines(snapshot).map(complete).flatMap(fitted)
  return [...table, '', ...summary, ...footer.map((line) => style.yellow(line))]
}
