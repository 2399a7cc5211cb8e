/** What outlives a process of OpenCode and the host service: its conversations, and what was already said of them. */

import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { atomicWrite } from '../../files/atomic-write.ts'
import { readBounded } from '../../files/read-bounded.ts'
import { fieldsOf, listOf, numberOf, textOf } from '../fields.ts'

/** In the agent's state directory. */
export const RECORD_FILE = 'opencode-session.json'
const MAX_RECORD_BYTES = 256 * 1024
/** So many words are remembered as said; older ones are behind what is read again. */
const KEEP_SAID = 400
/** Conversations before the current one in which a message that comes again is looked for. */
const KEEP_SESSIONS = 32
/** OpenCode's own form of a session's id; it stands on a command line. */
const SESSION_ID = /^ses_[A-Za-z0-9]{1,64}$/

export interface Conversation {
  id: string
  /** When it was left for the next one, epoch milliseconds; `undefined`: the current one. */
  leftMs: number | undefined
}

interface Contents {
  conversations: Conversation[]
  /** Turns of the current conversation, and the user's message that the last of them answers. */
  turn: number
  turnOf: string | undefined
  /** Ids of messages that were said to be accepted, and of model calls whose tokens were said; oldest first. */
  said: string[]
  /** The message that was last taken up again, and how often. */
  takenUp: { id: string; times: number } | undefined
}

const EMPTY: Contents = { conversations: [], turn: 0, turnOf: undefined, said: [], takenUp: undefined }

function parse(text: string): Contents {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { ...EMPTY }
  }
  const { conversations, turn, turnOf, said, takenUp } = fieldsOf(value)
  const taken = fieldsOf(takenUp)
  const id = textOf(taken['id'])
  return {
    conversations: listOf(conversations)
      .map(fieldsOf)
      .flatMap(({ id: session, leftMs }) =>
        typeof session === 'string' && SESSION_ID.test(session) ? [{ id: session, leftMs: numberOf(leftMs) }] : [],
      ),
    turn: numberOf(turn) ?? 0,
    turnOf: textOf(turnOf),
    said: listOf(said).filter((word) => typeof word === 'string'),
    takenUp: id === undefined ? undefined : { id, times: numberOf(taken['times']) ?? 0 },
  }
}

export class SessionRecord {
  readonly #file: string
  readonly #contents: Contents
  readonly #said: Set<string>

  private constructor(file: string, contents: Contents) {
    this.#file = file
    this.#contents = contents
    this.#said = new Set(contents.said)
  }

  static in(stateDirectory: string): SessionRecord {
    const file = join(stateDirectory, RECORD_FILE)
    const read = readBounded(file, MAX_RECORD_BYTES)
    return new SessionRecord(file, 'text' in read ? parse(read.text) : { ...EMPTY })
  }

  /** The conversation that the agent is in. */
  get current(): string | undefined {
    const last = this.#contents.conversations.at(-1)
    return last?.leftMs === undefined ? last?.id : undefined
  }

  get turn(): number {
    return this.#contents.turn
  }

  /** The user's message that the last turn answers. */
  get turnOf(): string | undefined {
    return this.#contents.turnOf
  }

  /** Conversations that a message of this age can be in, the current one first. */
  holding(createdAtMs: number): string[] {
    const held = this.#contents.conversations.filter(({ leftMs }) => leftMs === undefined || leftMs >= createdAtMs)
    return held.map(({ id }) => id).reverse()
  }

  /** Begins a conversation in the place of the current one. */
  enter(id: string, nowMs: number): void {
    this.leave(nowMs)
    this.#contents.conversations = [...this.#contents.conversations.filter((other) => other.id !== id), { id, leftMs: undefined }].slice(
      -KEEP_SESSIONS,
    )
    this.#contents.turn = 0
    this.#contents.turnOf = undefined
    this.#write()
  }

  /** Leaves the current conversation; the next is not there yet. */
  leave(nowMs: number): void {
    const last = this.#contents.conversations.at(-1)
    if (last === undefined || last.leftMs !== undefined) return
    last.leftMs = nowMs
    this.#write()
  }

  beginTurn(turnOf: string): number {
    this.#contents.turn += 1
    this.#contents.turnOf = turnOf
    this.#write()
    return this.#contents.turn
  }

  hasSaid(id: string): boolean {
    return this.#said.has(id)
  }

  /** To be called after it was said: rather twice than never. */
  noteSaid(id: string): void {
    if (this.#said.has(id)) return
    this.#said.add(id)
    this.#contents.said = [...this.#contents.said, id]
    for (const old of this.#contents.said.splice(0, Math.max(0, this.#contents.said.length - KEEP_SAID))) this.#said.delete(old)
    this.#write()
  }

  /** Counts the attempts to have a message worked off that is in the conversation without an answer. */
  takeUp(id: string): number {
    const times = this.#contents.takenUp?.id === id ? this.#contents.takenUp.times + 1 : 1
    this.#contents.takenUp = { id, times }
    this.#write()
    return times
  }

  #write(): void {
    try {
      mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 })
      atomicWrite(this.#file, `${JSON.stringify(this.#contents)}\n`, { durable: false })
    } catch {
      // A full disk: what is not remembered as said is said again.
    }
  }
}
