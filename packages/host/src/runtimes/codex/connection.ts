/** Keeps one connection to an agent's app-server open for as long as somebody holds it. */

import { AppServer, type AppServerEvents } from './app-server.ts'

/** Between attempts, milliseconds: an app-server that starts is met soon, one that is gone costs nothing to speak of. */
const FIRST_PAUSE_MS = 25
const LONGEST_PAUSE_MS = 1000

export interface ConnectionEvents extends Omit<AppServerEvents, 'closed'> {
  /** Anew each time: it is asked for everything again. */
  opened(server: AppServer): void
  closed(): void
}

export class Connection implements Disposable {
  readonly #socketPath: string
  readonly #events: ConnectionEvents
  #server: AppServer | undefined
  #timer: NodeJS.Timeout | undefined
  #pauseMs = FIRST_PAUSE_MS
  #disposed = false

  constructor(socketPath: string, events: ConnectionEvents) {
    this.#socketPath = socketPath
    this.#events = events
    void this.#attempt()
  }

  get server(): AppServer | undefined {
    return this.#server
  }

  [Symbol.dispose](): void {
    this.#disposed = true
    clearTimeout(this.#timer)
    this.#server?.close()
    this.#server = undefined
  }

  async #attempt(): Promise<void> {
    try {
      const server = await AppServer.connect(this.#socketPath, {
        notified: (method, params) => this.#events.notified(method, params),
        asked: (id, method, params) => this.#events.asked(id, method, params),
        closed: () => this.#lost(),
      })
      if (this.#disposed) return server.close()
      this.#server = server
      this.#pauseMs = FIRST_PAUSE_MS
      this.#events.opened(server)
    } catch {
      this.#later()
    }
  }

  #lost(): void {
    if (this.#server === undefined) return
    this.#server = undefined
    this.#events.closed()
    this.#later()
  }

  #later(): void {
    if (this.#disposed) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#attempt(), this.#pauseMs)
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 1.5)
  }
}
