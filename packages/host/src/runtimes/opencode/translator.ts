/** OpenCode's events and stored messages as signals. Says each acceptance, turn and model call once, whichever way it comes. */

import { messageIdOf } from '@mosaic/domain/preamble'
import type { Activity } from '@mosaic/domain/signal'
import { type Fields, fieldsOf, textOf } from '../fields.ts'
import { fleetIdOf, type MessageInfo, messageInfoOf, type Pending, permissionOf, questionOf, type StoredMessage } from './api.ts'
import { ModelCalls, type ModelCallsParts } from './model-calls.ts'
import { retrySignal } from './usage.ts'

type Mode = 'turn' | 'queued'

/** A message's text follows it at once. */
const MAX_AWAITED = 64

export interface TranslatorParts extends ModelCallsParts {
  /** A conversation was begun in this process that no other began: a person's, or a reset's. */
  onConversation(sessionID: string): void
  /** The current conversation has come to rest. */
  onIdle(): void
}

export class Translator {
  readonly #parts: TranslatorParts
  readonly calls: ModelCalls
  readonly #busy = new Map<string, Fields>()
  readonly #pending = new Map<string, string>()
  readonly #children = new Set<string>()
  /** User messages whose text is still to come. */
  readonly #awaited = new Map<string, Mode>()
  #activity: string | undefined

  constructor(parts: TranslatorParts) {
    this.#parts = parts
    this.calls = new ModelCalls(parts)
  }

  get activity(): { activity: Activity; detail: string | null } {
    return this.activityWith(this.#busy)
  }

  /** @param busy the sessions at work, as the server told them just now */
  activityWith(busy: ReadonlyMap<string, Fields>): { activity: Activity; detail: string | null } {
    const [asked] = this.#pending.values()
    if (asked !== undefined) return { activity: 'waiting', detail: asked }
    const [status] = busy.values()
    if (status === undefined) return { activity: 'idle', detail: null }
    return { activity: 'busy', detail: status['type'] === 'retry' ? `tries again: ${textOf(status['message']) ?? ''}`.trim() : null }
  }

  get isIdle(): boolean {
    return this.#busy.size === 0
  }

  /** What is true now, as the server tells it when asked. */
  take(busy: ReadonlyMap<string, Fields>, pending: readonly Pending[]): void {
    this.#busy.clear()
    for (const [id, status] of busy) this.#busy.set(id, status)
    this.#pending.clear()
    for (const { id, what } of pending) this.#pending.set(id, what)
    this.#settle()
  }

  /** What the current conversation and those it began hold, oldest first, back to what was said before. */
  replay(messages: readonly StoredMessage[]): void {
    const { record } = this.#parts
    const said = messages.findIndex(({ info }) => info.id === record.turnOf)
    for (const [index, message] of messages.entries()) {
      const id = fleetIdOf(message)
      if (id !== undefined) this.#accepted(id, wasQueued(message, messages) ? 'queued' : 'turn')
      if (message.info.role === 'assistant') this.calls.heard(message.info, index > said)
    }
    this.calls.resume(messages.at(-1)?.info)
  }

  event(value: unknown): void {
    const { type, properties } = fieldsOf(value)
    const fields = fieldsOf(properties)
    if (type === 'message.updated') this.#message(messageInfoOf(fields['info']))
    else if (type === 'message.part.updated') this.#part(fieldsOf(fields['part']))
    else if (type === 'session.status') this.#status(textOf(fields['sessionID']), fieldsOf(fields['status']))
    else if (type === 'session.created') this.#created(fieldsOf(fields['info']))
    else if (type === 'session.error') this.calls.failedWith(fieldsOf(fields['error']))
    else if (type === 'session.compacted') this.#parts.sink({ kind: 'compaction', phase: 'ended' })
    else this.#asked(type, fields)
  }

  /** A new conversation: nothing of the old one's turns belongs to it. */
  begin(): void {
    this.calls.begin()
    this.#awaited.clear()
  }

  #asked(type: unknown, fields: Fields): void {
    const asked = type === 'permission.asked' ? permissionOf(fields) : type === 'question.asked' ? questionOf(fields) : undefined
    if (asked !== undefined) this.#pending.set(asked.id, asked.what)
    else if (type === 'permission.replied' || type === 'question.replied' || type === 'question.rejected') {
      this.#pending.delete(textOf(fields['requestID']) ?? '')
    } else return
    this.#sayActivity()
  }

  #created(info: Fields): void {
    const id = textOf(info['id'])
    if (id === undefined) return
    if (textOf(info['parentID']) !== undefined) this.#children.add(id)
    else this.#parts.onConversation(id)
  }

  #message(info: MessageInfo | undefined): void {
    if (info === undefined) return
    if (info.role === 'assistant') this.calls.heard(info, true)
    else if (!this.#children.has(info.sessionID)) this.#await(info)
  }

  #await(info: MessageInfo): void {
    this.#awaited.set(info.id, this.#busy.has(info.sessionID) ? 'queued' : 'turn')
    const [oldest] = this.#awaited.keys()
    if (this.#awaited.size > MAX_AWAITED && oldest !== undefined) this.#awaited.delete(oldest)
  }

  #part({ type, messageID, text, sessionID }: Fields): void {
    if (type === 'compaction' && sessionID === this.#parts.record.current) this.#parts.sink({ kind: 'compaction', phase: 'started' })
    const mode = typeof messageID === 'string' ? this.#awaited.get(messageID) : undefined
    if (mode === undefined || type !== 'text' || typeof text !== 'string') return
    const id = messageIdOf(text)
    if (id !== undefined) this.#accepted(id, mode)
    this.#awaited.delete(messageID as string)
  }

  #accepted(id: string, mode: Mode): void {
    const { record, sink } = this.#parts
    if (record.hasSaid(id)) return
    sink({ kind: 'accepted', id, mode })
    record.noteSaid(id)
  }

  #status(sessionID: string | undefined, status: Fields): void {
    if (sessionID === undefined) return
    if (status['type'] === 'idle') this.#busy.delete(sessionID)
    else this.#busy.set(sessionID, status)
    if (status['type'] === 'retry') {
      this.calls.sayFailure(retrySignal(status))
    }
    this.#settle()
    if (status['type'] === 'idle' && sessionID === this.#parts.record.current) this.#parts.onIdle()
  }

  #settle(): void {
    const current = this.#parts.record.current
    if (current === undefined || !this.#busy.has(current)) this.calls.endTurn()
    this.#sayActivity()
  }

  #sayActivity(): void {
    const now = this.activity
    const word = JSON.stringify(now)
    if (word === this.#activity) return
    this.#activity = word
    this.#parts.sink({ kind: 'activity', ...now })
  }
}

/** A message that came while an answer was under way; between two calls of one turn it cannot be told. */
function wasQueued({ info: { createdMs } }: StoredMessage, messages: readonly StoredMessage[]): boolean {
  return messages.some(
    ({ info }) =>
      info.role === 'assistant' && info.createdMs <= createdMs && (info.completedMs === undefined || info.completedMs > createdMs),
  )
}
