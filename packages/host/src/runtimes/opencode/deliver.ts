/** Giving messages to OpenCode's server, and what it left undone back to its model. */

import type { Message } from '@mosaic/domain/message'
import type { NativeRefusal, NativeResult } from '@mosaic/domain/ports/runtime'
import { fleetIdOf, type StoredMessage } from './api.ts'
import type { Live } from './live.ts'
import { promptIds } from './message-id.ts'
import { leftUndone } from './unfinished.ts'

/** A message that was taken up so often and never answered ends its process or its turn each time. */
const MAX_TAKEN_UP = 3
/** So far back a message without an answer is looked for. */
const NEWEST = 50

const refused = (because: NativeRefusal['because'], detail: string): NativeRefusal => ({ outcome: 'refused', because, detail })

/** True when a conversation of this agent has the message already; `silent` when that could not be learnt. */
async function isKnown(live: Live, message: Pick<Message, 'id' | 'createdAtMs'>): Promise<boolean | 'silent'> {
  if (live.record.hasSaid(message.id)) return true
  for (const sessionID of live.record.holding(message.createdAtMs)) {
    const found = await live.api.message(sessionID, promptIds(message, sessionID).messageID)
    if (found === 'silent') return 'silent'
    if (found !== undefined) return true
  }
  return false
}

/**
 * OpenCode keeps what it is given before it answers, under the id that is given with it; a message that is there is not
 * given again. Nothing is given while a person is asked something: it would only wait behind the answer, unseen.
 */
export async function deliverTo(live: Live, message: Message, rendered: string): Promise<NativeResult> {
  const { api, record, choice } = live
  const sessionID = record.current
  if (!live.ready || sessionID === undefined || choice === undefined) return refused('starting', 'its server has not answered yet')
  const known = await isKnown(live, message)
  if (known === 'silent') return refused('hung', 'its server does not answer')
  if (known) {
    live.say({ kind: 'duplicate', id: message.id })
    return { outcome: 'handed-over' }
  }
  if (choice.problem !== undefined) return refused('unavailable', choice.problem.detail)
  const pending = await api.pending()
  if (pending === undefined) return refused('hung', 'its server does not answer')
  if (pending[0] !== undefined) return refused('dialog', pending[0].what)
  // Whatever else it was told before it listened: what begins here is to be seen.
  if (record.turn === 0) await api.show(sessionID)
  return post(live, sessionID, promptIds(message, sessionID), rendered)
}

async function post(live: Live, sessionID: string, ids: { messageID: string; partID: string }, text: string): Promise<NativeResult> {
  const { api, choice } = live
  const session = await api.session(sessionID)
  if (session === 'silent') return refused('hung', 'its server does not answer')
  if (session === undefined) return refused('starting', 'its conversation was deleted; the next one is being made')
  const reply = await api.prompt(sessionID, { ...ids, text, agent: session.agent, model: choice?.given, variant: choice?.variant })
  if (reply.got === 'unreachable') return refused('hung', 'nothing listens where its server was')
  // Silence and errors of the server itself come after it was sent: it may have been kept, and only its events can tell.
  if (reply.got === 'silence' || reply.status < 400 || reply.status >= 500) return { outcome: 'handed-over' }
  return refused('unavailable', `its server refused the message (${reply.status})`)
}

/**
 * Wakes the model for a message that stands in the conversation without an answer: the same message under the same ids,
 * so that nothing is added.
 */
export async function takeUp(live: Live, afterKill: boolean): Promise<void> {
  const sessionID = live.record.current
  if (sessionID === undefined || !live.voice.isIdle || live.choice?.problem !== undefined) return
  const messages = await live.api.newest(sessionID, NEWEST)
  const message = messages === undefined ? undefined : leftUndone(messages, afterKill)
  const { textPartID } = message ?? {}
  if (message === undefined || textPartID === undefined || !live.voice.isIdle) return
  const id = fleetIdOf(message)
  const times = live.record.takeUp(message.info.id)
  if (times <= MAX_TAKEN_UP) await post(live, sessionID, { messageID: message.info.id, partID: textPartID }, message.text)
  else if (times === MAX_TAKEN_UP + 1) {
    const detail = `message ${id} was taken up ${MAX_TAKEN_UP} times and never answered`
    live.say({ kind: 'error', reason: 'given-up', detail, until: null })
  }
}

/** Messages that waited in another conversation, given to the current one. */
export async function carryOver(live: Live, waiting: readonly StoredMessage[]): Promise<void> {
  const sessionID = live.record.current
  if (sessionID === undefined) return
  for (const message of waiting) {
    const id = fleetIdOf(message)
    if (id !== undefined) await post(live, sessionID, promptIds({ id, createdAtMs: message.info.createdMs }, sessionID), message.text)
  }
}
