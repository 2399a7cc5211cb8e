/** What the fake agent records for the test that runs it: every byte it read, and what it did. */

import { appendFileSync, existsSync, readFileSync } from 'node:fs'

export type AgentEvent =
  | 'started'
  | 'ready'
  /** Input, as it came in one read. */
  | 'bytes'
  | 'submit'
  | 'duplicate'
  | 'swallowed'
  | 'dialog'
  | 'approved'
  | 'denied'
  | 'hangs'
  | 'dies'
  | 'signal'
  | 'child'
  /** A trigger file is waited for. */
  | 'armed'

export interface LogEntry {
  /** Epoch milliseconds. */
  at: number
  pid: number
  event: AgentEvent
  /** Of `bytes`. */
  base64?: string
  detail?: string | number
}

/** One line of `FAKE_AGENT_SUBMITS`. */
export interface SubmitEntry {
  /** The message id in the preamble; `null` for a text without one. */
  id: string | null
  /** Exactly as received. */
  text: string
  at: number
}

/** Appends JSON lines; without a path it does nothing. */
export class LineFile {
  readonly #path: string | undefined

  constructor(path: string | undefined) {
    this.#path = path
  }

  append(entry: object): void {
    if (this.#path !== undefined) appendFileSync(this.#path, `${JSON.stringify(entry)}\n`, { mode: 0o600 })
  }
}

/** Whole lines only: one that is being written is not there yet. */
function readLines<T>(path: string): T[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.slice(0, -1).map((line) => JSON.parse(line) as T)
}

export const readAgentLog = (path: string): LogEntry[] => readLines<LogEntry>(path)
export const readSubmits = (path: string): SubmitEntry[] => readLines<SubmitEntry>(path)

/** Every byte that was read, in order. */
export const bytesRead = (log: readonly LogEntry[]): Buffer =>
  Buffer.concat(log.filter((entry) => entry.event === 'bytes').map((entry) => Buffer.from(entry.base64 ?? '', 'base64')))
