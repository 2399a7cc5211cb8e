/** `sessions/<pid>.json`, which Claude Code keeps while it runs: what it is in, and whether it is idle. */

import { type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'
import { readBounded } from '../../files/read-bounded.ts'
import { startTicksOf } from '../../processes.ts'
import { sessionsDirectory } from './claude-home.ts'

const MAX_BYTES = 64 * 1024
/** How often a program that starts is looked at, milliseconds. */
const START_LOOK_MS = 100
/** Under events that get lost, milliseconds. */
const NET_MS = 10_000

export interface ClaudeStatus {
  sessionId: string
  status: 'idle' | 'busy' | 'waiting'
  waitingFor: string | null
  /** Epoch milliseconds. */
  sinceMs: number
}

/** The status in a file; `undefined` when it is none, or has none yet because Claude Code is starting. */
export function parseStatus(text: string, pid: number, startTicks: string | undefined): ClaudeStatus | undefined {
  try {
    const value = JSON.parse(text) as Record<string, unknown> | null
    const { pid: said, procStart, sessionId, status, waitingFor, statusUpdatedAt } = value ?? {}
    // A file that a killed process left can name a pid that another has now.
    if (said !== pid || (startTicks !== undefined && typeof procStart === 'string' && procStart !== startTicks)) return undefined
    if (typeof sessionId !== 'string' || typeof status !== 'string') return undefined
    const known = status === 'idle' || status === 'waiting' ? status : 'busy'
    return {
      sessionId,
      status: known,
      waitingFor: typeof waitingFor === 'string' ? waitingFor : null,
      sinceMs: typeof statusUpdatedAt === 'number' ? statusUpdatedAt : 0,
    }
  } catch {
    return undefined
  }
}

export class StatusFile implements Disposable {
  readonly #directory: string
  readonly #pid: number
  readonly #startTicks: string | undefined
  readonly #changed: (status: ClaudeStatus) => void
  #watcher: FSWatcher | undefined
  #timer: NodeJS.Timeout | undefined
  #last: ClaudeStatus | undefined

  /** @param changed called with what is new, also for the first one */
  constructor(directory: string, pid: number, changed: (status: ClaudeStatus) => void = () => {}) {
    this.#directory = sessionsDirectory(directory)
    this.#pid = pid
    this.#startTicks = startTicksOf(pid)
    this.#changed = changed
  }

  /** What it says now; while a write is under way, what it said last. */
  read(): ClaudeStatus | undefined {
    const file = readBounded(join(this.#directory, `${this.#pid}.json`), MAX_BYTES)
    const status = 'text' in file ? parseStatus(file.text, this.#pid, this.#startTicks) : undefined
    if (status === undefined) return 'text' in file ? this.#last : undefined
    const before = this.#last
    this.#last = status
    const same = before?.sinceMs === status.sinceMs && before.status === status.status && before.sessionId === status.sessionId
    if (!same) this.#changed(status)
    return status
  }

  follow(): void {
    const look = () => {
      const known = this.read() !== undefined
      if (known) this.#watch()
      this.#timer = setTimeout(look, known ? NET_MS : START_LOOK_MS)
      this.#timer.unref()
    }
    look()
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#watcher?.close()
  }

  #watch(): void {
    if (this.#watcher !== undefined) return
    try {
      const name = `${this.#pid}.json`
      // Every Claude Code of this home writes there.
      this.#watcher = watch(this.#directory, (_event, file) => {
        if (file === null || file.startsWith(name)) this.read()
      })
      this.#watcher.on('error', () => this.#watcher?.close())
      this.#watcher.unref()
    } catch {
      // The looks now and then go on.
    }
  }
}
