/** One agent's state in full, a line per fact. */

import type { AgentRecord } from '@mosaic/domain/agent-record'
import { displaySafe } from '@mosaic/domain/display'
import { loginMend } from '@mosaic/domain/login'
import { shortDuration } from '../output/duration.ts'
import type { Style } from '../output/style.ts'
import { paintHealth } from './ps-table.ts'

/** `key:      value` */
export const factLine = (key: string, value: string): string => `  ${`${key}:`.padEnd(12)}${value}`

const because = (reason: string | null): string => (reason === null ? '' : ` (${displaySafe(reason)})`)

function supervisorText({ supervisor }: AgentRecord): string {
  const parts = [`${supervisor.state}, wanted ${supervisor.wanted ? 'up' : 'down'}`]
  if (supervisor.restarts > 0) parts.push(`${supervisor.restarts} restarts`)
  if (supervisor.enabled !== null) parts.push(supervisor.enabled ? 'enabled' : 'not enabled')
  if (supervisor.last_exit !== null) parts.push(`last exit ${displaySafe(supervisor.last_exit)}`)
  return parts.join(', ')
}

function paneText(agent: AgentRecord): string {
  if (agent.pane === 'none') return 'none'
  const idle = agent.idle_s === null ? '' : `, screen unchanged for ${shortDuration(agent.idle_s)}`
  return `${agent.pane}${agent.pid === null ? '' : `, process ${agent.pid}`}${idle}`
}

function spendText(agent: AgentRecord): string | undefined {
  const parts: string[] = []
  if (agent.tokens_today !== null) parts.push(`${agent.tokens_today} tokens today`)
  if (agent.spend_today_usd !== null) parts.push(`$${agent.spend_today_usd.toFixed(4)} today`)
  if (agent.context_used !== null) {
    const of = agent.context_limit === null ? '' : ` of ${agent.context_limit}`
    parts.push(`context ${agent.context_used}${of} tokens`)
  }
  return parts.length === 0 ? undefined : parts.join(', ')
}

function errorText({ error, runtime, account }: AgentRecord): string | undefined {
  if (error === null) return undefined
  const until = error.until === null ? '' : `, until ${error.until}`
  const mend = error.reason === 'logged-out' ? `; mend: ${loginMend(runtime, account)}` : ''
  return `${displaySafe(error.reason)}${until}${because(error.detail === '' ? null : error.detail)}${displaySafe(mend)}`
}

const limitText = ({ name, used_percent, resets_at }: AgentRecord['limits'][number]): string =>
  `${displaySafe(name)} ${Math.round(used_percent * 10) / 10} % used${resets_at === null ? '' : `, resets ${resets_at}`}`

/** The agent's name as a heading, then what is known. */
export function agentLines(agent: AgentRecord, style: Style): string[] {
  const alias = agent.alias === null ? '' : ` (${displaySafe(agent.alias)})`
  const beat = agent.heartbeat_age_s === null ? '' : `, answered ${shortDuration(agent.heartbeat_age_s)} ago`
  const facts: [string, string | undefined][] = [
    ['health', `${paintHealth(style, agent.health, agent.health)}${because(agent.health_reason)}${beat}`],
    ['activity', agent.activity === null ? undefined : `${agent.activity}${because(agent.activity_detail)}`],
    ['error', errorText(agent)],
    ['class', agent.class],
    [
      'runtime',
      `${agent.runtime}${agent.account === null ? '' : `, account ${agent.account}`}${agent.model === null ? '' : `, model ${displaySafe(agent.model)}`}`,
    ],
    ['supervisor', supervisorText(agent)],
    ['pane', paneText(agent)],
    ['directory', agent.working_directory === null ? undefined : displaySafe(agent.working_directory)],
    ['title', agent.title === null || agent.title === '' ? undefined : displaySafe(agent.title)],
    ['usage', spendText(agent)],
    ['limits', agent.limits.length === 0 ? undefined : agent.limits.map(limitText).join('; ')],
    ['queued', agent.queued === 0 ? undefined : `${agent.queued} messages`],
    ...agent.flags.map((flag): [string, string] => [flag, style.yellow(displaySafe(agent.flag_reasons[flag] ?? 'set'))]),
  ]
  const lines = facts.flatMap(([key, value]) => (value === undefined ? [] : [factLine(key, value)]))
  return [`${style.bold(agent.name)}${alias}  ${agent.tenant_id}@${agent.host}:${agent.name}`, ...lines]
}
