/** A connection to `codex app-server`: JSON-RPC, one JSON document per WebSocket text. */

import { realpathSync } from 'node:fs'
import { type Fields, fieldsOf, textOf } from '../fields.ts'
import { openTextSocket, type TextSocket } from './text-socket.ts'

/** `unanswered`: it may have been done. */
export type Outcome = { got: 'result'; result: Fields } | { got: 'error'; message: string } | { got: 'unanswered' }

export interface AppServerEvents {
  notified(method: string, params: Fields): void
  /** It asks its clients, and whoever answers first decides: this one never answers, people do. */
  asked(id: unknown, method: string, params: Fields): void
  closed(): void
}

/** What comes in small pieces and is of no use here. */
const UNWANTED = [
  'item/agentMessage/delta',
  'item/plan/delta',
  'item/reasoning/textDelta',
  'item/reasoning/summaryTextDelta',
  'item/reasoning/summaryPartAdded',
  'item/commandExecution/outputDelta',
  'item/fileChange/outputDelta',
  'item/fileChange/patchUpdated',
  'turn/diff/updated',
  'command/exec/outputDelta',
  'process/outputDelta',
]
/** A living one answers within milliseconds, on a machine under load within seconds. */
export const CALL_MS = 10_000

export class AppServer {
  readonly #waiting = new Map<number, (outcome: Outcome) => void>()
  readonly #events: AppServerEvents
  #socket: TextSocket | undefined
  #calls = 0

  private constructor(events: AppServerEvents) {
    this.#events = events
  }

  /**
   * @param socketPath may be a link, as codex makes one; a long path is no hindrance
   * @throws Error when nothing answers there
   */
  static async connect(socketPath: string, events: AppServerEvents): Promise<AppServer> {
    const server = new AppServer(events)
    server.#socket = await openTextSocket(realpathSync(socketPath), {
      text: (text) => server.#take(text),
      closed: () => server.#ended(),
    })
    const clientInfo = { name: 'mosaic', title: 'Mosaic', version: '1' }
    const capabilities = { experimentalApi: true, requestAttestation: false, optOutNotificationMethods: UNWANTED }
    const hello = await server.call('initialize', { clientInfo, capabilities }, CALL_MS)
    if (hello.got !== 'result') {
      server.close()
      throw new Error(hello.got === 'error' ? hello.message : 'it did not answer')
    }
    server.#socket.send(JSON.stringify({ method: 'initialized' }))
    return server
  }

  call(method: string, params: Fields, timeoutMs: number): Promise<Outcome> {
    const socket = this.#socket
    if (socket === undefined) return Promise.resolve({ got: 'unanswered' })
    this.#calls += 1
    const id = this.#calls
    return new Promise((resolve) => {
      const settle = (outcome: Outcome) => {
        clearTimeout(timer)
        this.#waiting.delete(id)
        resolve(outcome)
      }
      const timer = setTimeout(() => settle({ got: 'unanswered' }), timeoutMs)
      this.#waiting.set(id, settle)
      socket.send(JSON.stringify({ id, method, params }))
    })
  }

  close(): void {
    this.#socket?.close()
  }

  #ended(): void {
    this.#socket = undefined
    for (const settle of [...this.#waiting.values()]) settle({ got: 'unanswered' })
    this.#events.closed()
  }

  #take(text: string): void {
    let message: Fields
    try {
      message = fieldsOf(JSON.parse(text))
    } catch {
      return
    }
    const { id, method, params, result, error } = message
    if (typeof method === 'string') {
      if (id === undefined) this.#events.notified(method, fieldsOf(params))
      else this.#events.asked(id, method, fieldsOf(params))
    } else if (typeof id === 'number') {
      const settle = this.#waiting.get(id)
      settle?.(
        error === undefined
          ? { got: 'result', result: fieldsOf(result) }
          : { got: 'error', message: textOf(fieldsOf(error)['message']) ?? 'error' },
      )
    }
  }
}
