/** Codex's own way to an empty conversation that its screen stays in: it takes back every turn. */

import type { ResetResult } from '@mosaic/domain/ports/runtime'
import { messageIdOf } from '@mosaic/domain/preamble'
import { type Fields, fieldsOf, listOf, textOf } from '../fields.ts'
import type { AgentThread } from './agent-thread.ts'
import { type AppServer, CALL_MS } from './app-server.ts'
import { drain } from './delivery.ts'
import { userText } from './rollout-line.ts'
import type { Thread } from './thread.ts'

/** A command of a turn that is interrupted is ended first, milliseconds. */
const INTERRUPT_MS = 10_000
const LOOK_MS = 50

async function turnId(server: AppServer, threadId: string, sortDirection: 'asc' | 'desc'): Promise<string | undefined | 'unknown'> {
  const turns = await server.call('thread/turns/list', { threadId, limit: 1, sortDirection }, CALL_MS)
  return turns.got === 'result' ? textOf(fieldsOf(listOf(turns.result['data'])[0])['id']) : 'unknown'
}

/** `cutOff`: the turn that ran, until now. */
type Stopped = { stopped: true; cutOff: string | undefined } | { stopped: false }

async function stop(server: AppServer, thread: AgentThread, current: Thread): Promise<Stopped> {
  if (current.state === 'idle') return { stopped: true, cutOff: undefined }
  const turn = await turnId(server, current.id, 'desc')
  if (turn === undefined || turn === 'unknown') return { stopped: false }
  await server.call('turn/interrupt', { threadId: current.id, turnId: turn }, INTERRUPT_MS)
  for (const end = performance.now() + INTERRUPT_MS; performance.now() < end; ) {
    if ((await thread.refresh())?.state === 'idle') return { stopped: true, cutOff: turn }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  return { stopped: false }
}

/** The fleet's messages in a turn that was cut off before the model said a word to them. */
async function unanswered(thread: AgentThread, cutOff: string | undefined): Promise<Fields[]> {
  if (cutOff === undefined || thread.answering === cutOff) return []
  const items = await thread.newestItems()
  if (items.some(({ type }) => type !== 'userMessage')) return []
  return items.flatMap(({ content }) => {
    const id = messageIdOf(userText(content))
    return id === undefined ? [] : [{ clientUserMessageId: id, input: content }]
  })
}

/** They were accepted, so they are not lost with the turn: one turn takes them again, before what waits in the queue. */
async function beginAgain(server: AppServer, thread: AgentThread, [first, ...joined]: readonly Fields[]): Promise<void> {
  if (first === undefined) return
  const threadId = thread.current?.id
  thread.expect()
  const begun = await server.call('turn/start', { threadId, ...first }, CALL_MS)
  const expectedTurnId = begun.got === 'result' ? textOf(fieldsOf(begun.result['turn'])['id']) : undefined
  if (begun.got === 'error') await server.call('thread/queue/add', { threadId, ...first }, CALL_MS)
  for (const message of joined) {
    const steered = await server.call('turn/steer', { threadId, expectedTurnId, ...message }, CALL_MS)
    if (steered.got === 'error') await server.call('thread/queue/add', { threadId, ...message }, CALL_MS)
  }
}

/** True when no turn is left of it. */
async function takeBackAll(server: AppServer, threadId: string): Promise<boolean> {
  const first = await turnId(server, threadId, 'asc')
  if (first === undefined || first === 'unknown') return first === undefined
  const reverted = await server.call('thread/revert', { threadId, beforeTurnId: first }, INTERRUPT_MS)
  return reverted.got === 'result'
}

export async function resetThread(server: AppServer, thread: AgentThread): Promise<ResetResult> {
  const current = await thread.refresh()
  if (current === undefined || current.state === 'approval' || current.state === 'input') return 'failed'
  if (!current.revertible) return 'none'
  const stopped = await stop(server, thread, current)
  if (!stopped.stopped) return 'failed'
  const messages = await unanswered(thread, stopped.cutOff)
  if (!(await takeBackAll(server, current.id))) return 'failed'
  await thread.refresh()
  await beginAgain(server, thread, messages)
  await drain(server, thread)
  return 'done'
}
