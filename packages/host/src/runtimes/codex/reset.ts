/** Codex's own way to an empty conversation that its screen stays in: it takes back every turn. */

import type { ResetResult } from '@mosaic/domain/ports/runtime'
import type { AgentThread } from './agent-thread.ts'
import { type AppServer, CALL_MS, fieldsOf, listOf, textOf } from './app-server.ts'
import { drain } from './delivery.ts'

/** A command of a turn that is interrupted is ended first, milliseconds. */
const INTERRUPT_MS = 10_000
const LOOK_MS = 50

async function turnId(server: AppServer, threadId: string, sortDirection: 'asc' | 'desc'): Promise<string | undefined | 'unknown'> {
  const turns = await server.call('thread/turns/list', { threadId, limit: 1, sortDirection }, CALL_MS)
  return turns.got === 'result' ? textOf(fieldsOf(listOf(turns.result['data'])[0])['id']) : 'unknown'
}

/** True when no turn runs. */
async function stop(server: AppServer, thread: AgentThread): Promise<boolean> {
  const { current } = thread
  if (current === undefined) return false
  if (current.state === 'idle') return true
  const turn = await turnId(server, current.id, 'desc')
  if (turn === undefined || turn === 'unknown') return false
  await server.call('turn/interrupt', { threadId: current.id, turnId: turn }, INTERRUPT_MS)
  for (const end = performance.now() + INTERRUPT_MS; performance.now() < end; ) {
    if ((await thread.refresh())?.state === 'idle') return true
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  return false
}

export async function resetThread(server: AppServer, thread: AgentThread): Promise<ResetResult> {
  const current = await thread.refresh()
  if (current === undefined || current.state === 'approval' || current.state === 'input') return 'failed'
  if (!current.revertible) return 'none'
  if (!(await stop(server, thread))) return 'failed'
  const first = await turnId(server, current.id, 'asc')
  if (first === 'unknown') return 'failed'
  if (first !== undefined) {
    const reverted = await server.call('thread/revert', { threadId: current.id, beforeTurnId: first }, INTERRUPT_MS)
    if (reverted.got !== 'result') return 'failed'
  }
  await thread.refresh()
  await drain(server, thread)
  return 'done'
}
