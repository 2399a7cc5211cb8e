/** Handing messages to codex: into its own queue, which is on its disk and begins a turn at once when it is idle. */

import type { Message } from '@mosaic/domain/message'
import type { NativeResult } from '@mosaic/domain/ports/runtime'
import type { Fields } from '../fields.ts'
import type { AgentThread } from './agent-thread.ts'
import { type AppServer, CALL_MS, type Outcome } from './app-server.ts'

/** After this long, milliseconds, what was handed to an idle codex has begun, or stands in the queue. */
const LOOK_MS = 250

/** One that is urgent joins the running turn, if it still runs; else it goes the way of the others. */
async function steer(server: AppServer, thread: AgentThread, params: Fields): Promise<Outcome | undefined> {
  const turn = thread.voice.openTurn
  if (turn === undefined || thread.current?.state !== 'busy') return undefined
  const outcome = await server.call('turn/steer', { ...params, expectedTurnId: turn }, CALL_MS)
  return outcome.got === 'error' ? undefined : outcome
}

/** The caller has seen that codex is ready, asks nothing, and has not accepted it before. */
export async function handOver(server: AppServer, thread: AgentThread, message: Message, rendered: string): Promise<NativeResult> {
  const params = {
    threadId: thread.current?.id,
    clientUserMessageId: message.id,
    input: [{ type: 'text', text: rendered, text_elements: [] }],
  }
  thread.expect()
  const steered = message.urgent ? await steer(server, thread, params) : undefined
  if (steered !== undefined) return { outcome: 'handed-over' }
  const wasBusy = thread.current?.state === 'busy'
  const outcome = await server.call('thread/queue/add', params, CALL_MS)
  if (outcome.got === 'error') return { outcome: 'refused', because: 'unavailable', detail: `codex: ${outcome.message}` }
  if (wasBusy) await thread.lookAtQueue()
  else setTimeout(() => void thread.lookAtQueue(), LOOK_MS).unref()
  return { outcome: 'handed-over' }
}

/** A queue that a person's Escape has stopped goes on by the next turn, or by this. */
export async function drain(server: AppServer, thread: AgentThread): Promise<void> {
  if (thread.current?.state !== 'idle' || ((await thread.readQueue()) ?? 0) === 0) return
  if (thread.current?.state !== 'idle') return
  thread.expect()
  await server.call('thread/queue/start', { threadId: thread.current.id }, CALL_MS)
}
