/** One `tmux -C` client: commands with their replies, and the notifications of its session. */

import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { FleetError } from '@mosaic/domain/error'
import { ControlParser } from './control-parser.ts'
import { noTmux, type Tmux, type TmuxCommand } from './tmux.ts'
import { tmuxError, tmuxFailure } from './tmux-failure.ts'

export type NotificationListener = (name: string, rest: string) => void

/** A command, and how many lines its reply has at least, given the replies to the commands before it on the line. */
export interface ControlRequest {
  command: TmuxCommand
  atLeastLines?: (earlier: readonly (readonly string[])[]) => number
}

interface Pending {
  requests: readonly ControlRequest[]
  replies: (readonly string[])[]
  resolve(replies: (readonly string[])[]): void
  reject(error: FleetError): void
}

/** How long the server may take to let a client in, milliseconds. */
const ATTACH_MS = 10_000
/** How long a client that was told to leave may take, milliseconds. */
const LEAVE_MS = 2_000

/** A word of tmux's command language that is exactly `text`. */
export function quoteWord(text: string): string {
  if (/[\n\r\0]/.test(text)) throw new FleetError('invalid', 'a line break cannot stand in a command to tmux')
  return `'${text.replaceAll("'", `'\\''`)}'`
}

export class ControlConnection {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #pending: Pending[] = []
  readonly #parser: ControlParser
  readonly #listeners = new Set<NotificationListener>()
  #exitReason = ''
  #ended = false
  #unstartable = false
  /** Settles when the client has ended, with the reason that tmux gave. */
  readonly closed: Promise<string>
  /** The client's process id, by which tmux names it. */
  readonly pid: number | undefined

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child
    this.pid = child.pid
    this.#parser = new ControlParser({
      reply: (lines, ok) => this.#reply(lines, ok),
      notification: (name, rest) => this.#notification(name, rest),
      linesExpected: () => this.#linesExpected(),
    })
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.#parser.feed(text))
    child.stdin.on('error', () => {})
    this.closed = new Promise((resolve) => {
      const end = () => {
        this.#ended = true
        const gone = new FleetError('not_done', 'the tmux client ended', { reason: 'client-gone' })
        for (const pending of this.#pending.splice(0)) pending.reject(gone)
        resolve(this.#exitReason)
      }
      child.once('error', () => {
        this.#unstartable = child.pid === undefined
        end()
      })
      child.once('close', end)
    })
  }

  /**
   * Attaches to exactly that session. A control client neither sizes nor types by itself.
   * @throws FleetError `not_done` when there is no such session or server
   */
  static async open(tmux: Tmux, session: string, flags: readonly string[]): Promise<ControlConnection> {
    const child = tmux.control(session, flags)
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(0, 4096)
    })
    const connection = new ControlConnection(child)
    const attached = new Promise<boolean>((resolve) => {
      const stop = connection.listen((name) => {
        if (name !== 'session-changed') return
        stop()
        resolve(true)
      })
      void connection.closed.then(() => resolve(false))
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), ATTACH_MS)
    const isAttached = await attached
    clearTimeout(timer)
    if (isAttached) return connection
    if (connection.#unstartable) throw noTmux()
    if (child.signalCode === 'SIGKILL') {
      throw new FleetError('not_done', 'tmux did not answer', { reason: 'tmux-hung', mend: 'mosaic fleet doctor' })
    }
    const text = `${said}\n${await connection.closed}`.trim()
    const failure = tmuxFailure(1, text) ?? { kind: 'other', text }
    // A refused attach only says "exit": its words went to the reply of the attach itself.
    throw tmuxError(failure.kind === 'other' ? { kind: 'no-target', text: `no session ${session}` } : failure, 'cannot attach')
  }

  /** Calls back for every notification, until the returned function is called. */
  listen(listener: NotificationListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Runs commands without a step of the server between them; one reply each.
   * @throws FleetError `not_done` when one fails (those after it do not run) or the client ends
   */
  send(...requests: readonly ControlRequest[]): Promise<(readonly string[])[]> {
    return new Promise((resolve, reject) => {
      if (this.#ended) {
        reject(new FleetError('not_done', 'the tmux client ended', { reason: 'client-gone' }))
        return
      }
      const line = requests.map(({ command }) => command.map(quoteWord).join(' ')).join(' ; ')
      this.#pending.push({ requests, replies: [], resolve, reject })
      this.#child.stdin.write(`${line}\n`)
    })
  }

  /**
   * Leaves; tmux is told, so that it does not find a dead client.
   * @param last what was sent before and is to be answered first
   */
  async close(last?: Promise<void>): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), LEAVE_MS)
    await last
    this.#child.stdin.end()
    await this.closed
    clearTimeout(timer)
  }

  #linesExpected(): number {
    const [pending] = this.#pending
    return pending?.requests[pending.replies.length]?.atLeastLines?.(pending.replies) ?? 0
  }

  #reply(lines: readonly string[], ok: boolean): void {
    const [pending] = this.#pending
    if (pending === undefined) return
    if (!ok) {
      this.#pending.shift()
      pending.reject(tmuxError(tmuxFailure(1, lines.join('\n')) ?? { kind: 'other', text: '' }, 'tmux'))
      return
    }
    pending.replies.push(lines)
    if (pending.replies.length < pending.requests.length) return
    this.#pending.shift()
    pending.resolve(pending.replies)
  }

  #notification(name: string, rest: string): void {
    if (name === 'exit') this.#exitReason = rest
    for (const listener of this.#listeners) listener(name, rest)
  }
}
