/** The runtime protocol in its smallest form: heartbeat file, signal journal and link, from the environment. */

import { closeSync, constants, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { formatHeartbeat, type HeartbeatStatus } from '@mosaic/domain/heartbeat'
import type { RuntimeAnswer } from '@mosaic/domain/ports/runtime'
import type { Activity, SignalBody } from '@mosaic/domain/signal'

const DEFAULT_INTERVAL_S = 15

export type AgentState = Omit<RuntimeAnswer, 'pid'>

export interface Voice {
  /** Ids that this agent accepted in this or an earlier life. */
  readonly accepted: ReadonlySet<string>
  /** Durable when it returns. */
  say(signal: SignalBody): void
  beat(): void
}

export const SILENT_VOICE: Voice = { accepted: new Set(), say: () => undefined, beat: () => undefined }

const statusOf = (activity: Activity): HeartbeatStatus => (activity === 'busy' || activity === 'waiting' ? activity : 'ok')

/** Speaks as long as the process lives and turns: a hang silences all of it. */
export class FleetRuntimeVoice implements Voice {
  readonly accepted = new Set<string>()
  readonly #env: Readonly<Record<string, string | undefined>>
  readonly #state: () => AgentState
  readonly #reset: () => void
  readonly #intervalMs: number

  constructor(env: Readonly<Record<string, string | undefined>>, state: () => AgentState, reset: () => void) {
    this.#env = env
    this.#state = state
    this.#reset = reset
    this.#intervalMs = (Number(env['MOSAIC_HEARTBEAT_INTERVAL']) || DEFAULT_INTERVAL_S) * 1000
    this.#remember()
  }

  start(): void {
    this.say({ kind: 'started', session: null })
    this.#listen()
    this.beat()
    setInterval(() => this.beat(), this.#intervalMs)
  }

  say(signal: SignalBody): void {
    if (signal.kind === 'accepted') this.accepted.add(signal.id)
    const journal = this.#env['MOSAIC_JOURNAL']
    if (journal === undefined) return
    const at = performance.timeOrigin + performance.now()
    const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW
    const fd = openSync(journal, flags, 0o600)
    try {
      writeSync(fd, `${JSON.stringify({ v: 1, at, pid: process.pid, ...signal })}\n`)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  }

  beat(): void {
    const file = this.#env['MOSAIC_HEARTBEAT_FILE']
    if (file === undefined) return
    const { activity, turn, model, contextUsed } = this.#state()
    const text = formatHeartbeat({
      tsMs: Date.now(),
      pid: process.pid,
      status: statusOf(activity),
      source: 'runtime',
      turn,
      intervalMs: this.#intervalMs,
      ...(model === null ? {} : { model }),
      ...(contextUsed === null ? {} : { contextUsed }),
    })
    writeFileSync(`${file}.${process.pid}`, text, { mode: 0o600 })
    renameSync(`${file}.${process.pid}`, file)
  }

  #remember(): void {
    const journal = this.#env['MOSAIC_JOURNAL']
    if (journal === undefined || !existsSync(journal)) return
    for (const [, id] of readFileSync(journal, 'utf8').matchAll(/"kind":"accepted","id":"([0-9a-z]{26})"/g)) this.accepted.add(id ?? '')
  }

  #listen(): void {
    const path = this.#env['MOSAIC_LINK']
    if (path === undefined) return
    // Whoever held it is gone: there is one process per agent.
    rmSync(path, { force: true })
    const server: Server = createServer((socket) => this.#serve(socket))
    server.listen(path)
    process.once('exit', () => rmSync(path, { force: true }))
  }

  #serve(socket: Socket): void {
    // Who asked may have left before the answer; readline passes that on as an error of its own.
    socket.on('error', () => undefined)
    const lines = createInterface(socket).on('error', () => undefined)
    lines.on('line', (line) => socket.write(`${JSON.stringify(this.#answer(line))}\n`))
  }

  #answer(line: string): object {
    let request: { id?: unknown; op?: unknown }
    try {
      request = JSON.parse(line) as typeof request
    } catch {
      return { id: null, ok: false, error: 'not JSON' }
    }
    const { id, op } = request
    if (op === 'ask') return { id, ok: true, value: { pid: process.pid, ...this.#state() } }
    if (op !== 'reset') return { id, ok: false, error: `unknown op ${JSON.stringify(op)}` }
    this.#reset()
    return { id, ok: true, value: true }
  }
}
