/** Messages on their way into pi: one at a time, because pi starts a turn only some steps after it was given a prompt. */

/**
 * After this long idle, milliseconds, pi counts as not having taken a message. Long: other extensions may hold a prompt
 * back for a while, and one that was given twice could be begun twice.
 */
const LOOK_MS = 30_000

/** So often is one given to pi before it is left for the next start. */
const TRIES = 3

export interface Outgoing {
  id: string
  text: string
  urgent: boolean
}

export interface DeliveriesOptions {
  /** False while pi would throw a prompt away: no session, or a compaction that somebody asked for. */
  open(): boolean
  /** True while pi does something that a prompt may wait for. */
  busy(): boolean
  send(message: Outgoing): void
  /** Pi did not begin with it, however often it was asked. */
  lost(message: Outgoing): void
  /** Milliseconds. */
  lookMs?: number
}

export class Deliveries implements Disposable {
  readonly #options: DeliveriesOptions
  readonly #waiting: Outgoing[] = []
  #tries = 0
  #sending: Outgoing | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(options: DeliveriesOptions) {
    this.#options = options
  }

  has(id: string): boolean {
    return this.isSending(id) || this.#waiting.some((message) => message.id === id)
  }

  /** It was handed to pi by us, and pi has not begun with it. */
  isSending(id: string): boolean {
    return this.#sending?.id === id
  }

  add(message: Outgoing): void {
    this.#waiting.push(message)
    this.pump()
  }

  /** Pi has it: the next one's turn. */
  arrived(id: string): void {
    if (!this.isSending(id)) return
    this.#release()
    this.pump()
  }

  pump(): void {
    if (this.#sending !== undefined || !this.#options.open()) return
    const message = this.#waiting.shift()
    if (message === undefined) return
    this.#sending = message
    this.#tries = 0
    this.#send(message)
  }

  [Symbol.dispose](): void {
    this.#release()
    this.#waiting.length = 0
  }

  #send(message: Outgoing): void {
    this.#tries += 1
    this.#look(message)
    this.#options.send(message)
  }

  #release(): void {
    clearTimeout(this.#timer)
    this.#sending = undefined
  }

  #look(message: Outgoing): void {
    this.#timer = setTimeout(() => {
      if (this.#options.busy() || !this.#options.open()) this.#look(message)
      else if (this.#tries < TRIES) this.#send(message)
      else {
        this.#release()
        this.#options.lost(message)
        this.pump()
      }
    }, this.#options.lookMs ?? LOOK_MS)
    this.#timer.unref()
  }
}
