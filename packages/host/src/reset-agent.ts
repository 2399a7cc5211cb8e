/** A fresh conversation for an agent: by the runtime's own reset, or by a new session. */

import type { AgentDefinition } from '@mosaic/domain/agent'
import { FleetError } from '@mosaic/domain/error'
import type { AgentOutcome } from '@mosaic/domain/fleet-control'
import type { FleetAudit } from './audit/fleet-audit.ts'
import type { RuntimeSessions } from './runtime-sessions.ts'
import type { EmbeddedSupervisor } from './supervisor/embedded/supervisor.ts'

export interface ResetParts {
  sessions: RuntimeSessions
  supervisor: EmbeddedSupervisor
  audit: FleetAudit
}

/** @throws FleetError `not_done` when it does not run, or does not answer */
export async function resetAgent(
  { sessions, supervisor, audit }: ResetParts,
  agent: AgentDefinition,
  options: { newSession: boolean },
): Promise<AgentOutcome> {
  const { name } = agent
  const life = supervisor.life(name)
  if (life?.isUp() !== true)
    throw new FleetError('not_done', `${name} does not run`, { reason: 'not-running', mend: `mosaic fleet start ${name}` })
  audit.record({ verb: 'reset', agent: name, ref: life.launchId, detail: options })
  const reset = options.newSession ? 'none' : ((await sessions.known(agent)?.reset()) ?? 'none')
  if (reset === 'done') return { name, did: 'reset', detail: null }
  if (reset === 'failed')
    throw new FleetError('not_done', `${name} did not reset: it does not answer or has a question open`, {
      reason: 'hung',
      mend: `mosaic agent reset ${name} --new`,
    })
  const outcome = await supervisor.restart(name, { fresh: true })
  return outcome.did === 'restarted' ? { name, did: 'new-session', detail: null } : outcome
}
