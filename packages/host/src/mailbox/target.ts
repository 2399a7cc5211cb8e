/** Where a message to an agent would go now, or why nowhere. */

import type { AgentDefinition } from '@mosaic/domain/agent'
import type { BlockReason } from '@mosaic/domain/message'
import { hasTerminal } from '../processes.ts'
import type { RuntimeSessions } from '../runtime-sessions.ts'
import type { AgentLife } from '../supervisor/embedded/agent-life.ts'
import type { Target } from './courier.ts'

export interface Addressee {
  /** `undefined`: the roster does not name it. */
  agent: AgentDefinition | undefined
  life: AgentLife | undefined
  sessions: RuntimeSessions
  /** It has said that it takes input. */
  ready: boolean
}

export function targetOf({ agent, life, sessions, ready }: Addressee): Target {
  const dropsDuplicates = agent !== undefined && sessions.dropsDuplicates(agent)
  const down = (reason: BlockReason, detail: string): Target => ({ up: false, reason, detail, dropsDuplicates })
  if (agent === undefined) return down('not-running', 'the roster does not name it any more')
  if (life === undefined || !life.wanted) return down('not-running', 'it is stopped')
  if (life.failed) return down('dead', `it failed (${life.lastExit ?? 'unknown'}) and is not restarted any more`)
  if (life.state === 'backoff') return down('dead', `its process ended (${life.lastExit ?? 'unknown'}) and it is about to be restarted`)
  const session = sessions.known(agent)
  if (!life.isUp() || life.launchId === null || life.sessionId === undefined || session === undefined)
    return down('starting', 'it is starting')
  return {
    up: true,
    launchId: life.launchId,
    sessionId: life.sessionId,
    session,
    ready,
    ours: life.pid === undefined || hasTerminal(life.pid),
    dropsDuplicates,
    submitKey: sessions.submitKey(agent),
    pid: life.pid,
  }
}
