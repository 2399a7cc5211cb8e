/**
 * The messages that a runtime accepted, kept by the runtime itself over its restarts: the one owner of "this id was taken
 * before". What was accepted and not yet worked off is kept whole, so that an accepted message outlives `kill -9`.
 */

import { readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { AppendFile } from './append-file.ts'

/** So many ids are remembered; an older message is long settled and never sent again. */
const KEEP_IDS = 10_000
/** The file is rewritten when it passes this size, bytes. */
const COMPACT_BYTES = 4 * 1024 * 1024

export interface AcceptedMessage {
  id: string
  text: string
  /** How often work on it was begun. */
  begun: number
}

export interface InboxOptions {
  keepIds?: number
  compactAtBytes?: number
}

type Entry = { kind: 'accepted'; id: string; text: string | undefined; begun: number } | { kind: 'begun' | 'done'; id: string }

/** Lines are `{id, text?, begun?}`, `{begun: id}` and `{done: id}`. */
function entryOf(line: string): Entry | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { id, text, begun, done } = value as Readonly<Record<string, unknown>>
  if (typeof id === 'string') {
    return { kind: 'accepted', id, text: typeof text === 'string' ? text : undefined, begun: typeof begun === 'number' ? begun : 0 }
  }
  if (typeof begun === 'string') return { kind: 'begun', id: begun }
  return typeof done === 'string' ? { kind: 'done', id: done } : undefined
}

export class Inbox implements Disposable {
  readonly #path: string
  readonly #keepIds: number
  readonly #compactAtBytes: number
  /** By id in the order of acceptance; the message until it is done. */
  readonly #messages = new Map<string, AcceptedMessage | undefined>()
  #file: AppendFile
  /** A file that holds more than this is worth rewriting. */
  #compactAbove: number

  /** @param directory what outlives the process; made by whoever launches it */
  constructor(directory: string, options: InboxOptions = {}) {
    this.#path = join(directory, 'inbox.jsonl')
    this.#keepIds = options.keepIds ?? KEEP_IDS
    this.#compactAtBytes = options.compactAtBytes ?? COMPACT_BYTES
    this.#compactAbove = this.#compactAtBytes
    this.#file = new AppendFile(this.#path)
    if (this.#file.size > 0) this.#load(readFileSync(this.#path, 'utf8'))
  }

  /** Whether this id was accepted before, and if so whether it is still to be worked off. */
  state(id: string): 'unknown' | 'pending' | 'done' {
    if (!this.#messages.has(id)) return 'unknown'
    return this.#messages.get(id) === undefined ? 'done' : 'pending'
  }

  /** Durable before it returns. False: accepted before, and nothing was changed. */
  accept(id: string, text: string): boolean {
    if (this.#messages.has(id)) return false
    this.#file.append(JSON.stringify({ id, text }), true)
    this.#messages.set(id, { id, text, begun: 0 })
    this.#compactWhenLarge()
    return true
  }

  /** Work on it begins: what ends the runtime in the middle each time shows in the count. */
  begin(id: string): void {
    const message = this.#messages.get(id)
    if (message === undefined) return
    message.begun += 1
    this.#file.append(JSON.stringify({ begun: id }), false)
  }

  /** It is worked off. A power failure may forget this, and the message is then worked off again rather than never. */
  finish(id: string): void {
    if (this.state(id) !== 'pending') return
    this.#messages.set(id, undefined)
    this.#file.append(JSON.stringify({ done: id }), false)
    this.#compactWhenLarge()
  }

  /** Accepted and not worked off, oldest first. */
  pending(): AcceptedMessage[] {
    return [...this.#messages.values()].filter((message) => message !== undefined)
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]()
  }

  #load(text: string): void {
    for (const line of text.split('\n')) {
      const entry = entryOf(line)
      if (entry === undefined) continue
      const { id } = entry
      const message = this.#messages.get(id)
      if (entry.kind === 'begun' && message !== undefined) message.begun += 1
      if (entry.kind === 'done' && message !== undefined) this.#messages.set(id, undefined)
      if (entry.kind !== 'accepted' || this.#messages.has(id)) continue
      this.#messages.set(id, entry.text === undefined ? undefined : { id, text: entry.text, begun: entry.begun })
    }
    this.#compactWhenLarge()
  }

  #compactWhenLarge(): void {
    if (this.#file.size <= this.#compactAbove && this.#messages.size <= this.#keepIds * 2) return
    let excess = this.#messages.size - this.#keepIds
    for (const [id, message] of this.#messages) {
      if (excess <= 0) break
      if (message !== undefined) continue
      this.#messages.delete(id)
      excess -= 1
    }
    this.#rewrite()
    this.#compactAbove = Math.max(this.#compactAtBytes, this.#file.size * 2)
  }

  #rewrite(): void {
    const temporary = `${this.#path}.new`
    rmSync(temporary, { force: true })
    const next = new AppendFile(temporary)
    const lines = [...this.#messages].map(([id, message]) => JSON.stringify(message ?? { id }))
    if (lines.length > 0) next.append(lines.join('\n'), true)
    next[Symbol.dispose]()
    this.#file[Symbol.dispose]()
    renameSync(temporary, this.#path)
    this.#file = new AppendFile(this.#path)
  }
}
