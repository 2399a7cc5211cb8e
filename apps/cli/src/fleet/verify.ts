/** Whether an agent has all that makes it a member of a fleet. */

import type { AgentRecord, FleetSnapshot } from '@mosaic/domain/agent-record'
import { unableBecause } from './unable.ts'

export const VERIFY_CHECKS = ['session', 'process', 'heartbeat', 'receipts'] as const
export type VerifyCheck = (typeof VERIFY_CHECKS)[number]

export interface CheckResult {
  check: VerifyCheck
  ok: boolean
  /** What was found. */
  detail: string
}

export interface AgentVerdict {
  name: string
  ok: boolean
  checks: CheckResult[]
}

function heartbeatOf(agent: AgentRecord): { ok: boolean; detail: string } {
  const reason = agent.health_reason === null ? '' : `, ${agent.health_reason}`
  if (agent.health === 'healthy') return { ok: true, detail: `answered ${agent.heartbeat_age_s ?? 0} s ago` }
  return { ok: false, detail: `${agent.health}${reason}` }
}

function sessionOf(agent: AgentRecord): { ok: boolean; detail: string } {
  if (agent.pane === 'alive') return { ok: true, detail: `session ${agent.session_id ?? agent.name}` }
  if (agent.pane === 'dead') return { ok: false, detail: 'its process ended; the session keeps the last screen' }
  return { ok: false, detail: agent.supervisor.wanted ? 'no session' : 'no session: it is not meant to run' }
}

/** A spool that takes messages is of no use to an agent that takes none. */
function receiptsOf(agent: AgentRecord, problem: string | undefined): { ok: boolean; detail: string } {
  const unable = unableBecause(agent)
  if (problem !== undefined) return { ok: false, detail: problem }
  return unable === undefined ? { ok: true, detail: 'the spool takes messages' } : { ok: false, detail: `takes no message: ${unable}` }
}

/** @param receipts why receipts cannot be written, or `undefined` when they can */
export function verifyAgent(agent: AgentRecord, receipts: string | undefined): AgentVerdict {
  const checks: CheckResult[] = [
    { check: 'session', ...sessionOf(agent) },
    { check: 'process', ok: agent.pid !== null, detail: agent.pid === null ? 'no process' : `process ${agent.pid}` },
    { check: 'heartbeat', ...heartbeatOf(agent) },
    { check: 'receipts', ...receiptsOf(agent, receipts) },
  ]
  return { name: agent.name, ok: checks.every(({ ok }) => ok), checks }
}

export const verifyFleet = (snapshot: FleetSnapshot, receipts: string | undefined): AgentVerdict[] =>
  snapshot.agents.map((agent) => verifyAgent(agent, receipts))
