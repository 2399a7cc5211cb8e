/** What reached the model server, and what became of it. */

import type { IncomingHttpHeaders } from 'node:http'
import type { ModelRequest } from './script.ts'

export type RequestOutcome =
  | 'open'
  | 'answered'
  /** An error was answered, scripted or earned. */
  | 'failed'
  /** The server cut the connection, as scripted. */
  | 'hung-up'
  /** The client left before the end. */
  | 'aborted'

export interface RequestRecord {
  /** `model` asks a model to speak; the others never count as that. */
  kind: 'model' | 'count-tokens' | 'models' | 'other'
  /** Number among the model requests, from 1; 0 for the others. */
  n: number
  method: string
  path: string
  /** Credentials are replaced by `redacted`. */
  headers: Record<string, string>
  /** Parsed JSON; the raw text when it is none; `undefined` without a body. */
  body: unknown
  /** What the body says, when it is a valid model request. */
  request: ModelRequest | undefined
  /** Texts of the user in the conversation, oldest first. */
  userTexts: readonly string[]
  /** Epoch milliseconds. */
  at: number
  outcome: RequestOutcome
}

const SECRET = /^(authorization|proxy-authorization|x-api-key|api-key|cookie)$/

export function redactedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const out: Record<string, string> = {}
  for (const [key, value] of Object.entries(headers)) {
    if (value !== undefined) out[key] = SECRET.test(key) ? 'redacted' : Array.isArray(value) ? value.join(', ') : value
  }
  return out
}

export type RequestPredicate = (record: RequestRecord) => boolean

interface Waiter {
  predicate: RequestPredicate
  found: (record: RequestRecord) => void
  failed: (error: Error) => void
}

export class RequestLog {
  #records: RequestRecord[] = []
  readonly #waiters = new Set<Waiter>()

  /** Everything that was received since the start or the last `clear`, oldest first. */
  all(): readonly RequestRecord[] {
    return this.#records
  }

  modelRequests(): RequestRecord[] {
    return this.#records.filter((record) => record.kind === 'model')
  }

  add(record: RequestRecord): void {
    this.#records.push(record)
    this.changed(record)
  }

  /** Called whenever a record or its outcome changed: whoever waits for it is told. */
  changed(record: RequestRecord): void {
    for (const waiter of [...this.#waiters]) {
      if (!waiter.predicate(record)) continue
      this.#waiters.delete(waiter)
      waiter.found(record)
    }
  }

  clear(): void {
    this.#records = []
  }

  /**
   * The first record, past or future, that `predicate` holds for.
   * @throws Error when none came within `withinMs`, or the server ended
   */
  async wait(predicate: RequestPredicate, withinMs: number): Promise<RequestRecord> {
    const known = this.#records.find(predicate)
    if (known !== undefined) return known
    const { promise, resolve, reject } = Promise.withResolvers<RequestRecord>()
    const waiter: Waiter = { predicate, found: resolve, failed: reject }
    this.#waiters.add(waiter)
    const timer = setTimeout(() => {
      this.#waiters.delete(waiter)
      reject(new Error(`no such request reached the model server within ${withinMs} ms; ${this.#records.length} others did`))
    }, withinMs)
    return promise.finally(() => clearTimeout(timer))
  }

  /** Nothing will come any more. */
  end(): void {
    for (const waiter of this.#waiters) waiter.failed(new Error('the model server ended'))
    this.#waiters.clear()
  }
}
