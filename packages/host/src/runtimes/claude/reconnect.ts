/**
 * Claude Code gives its connection to the fleet up when the host service is away for longer than it tries, and has no way to
 * be called. A command of its own brings it back, which asks no model; it is typed as a message is, and only at rest.
 */

/** It tries for about 20 s, from the end of the stream or from the start of a new service, milliseconds. */
const GIVES_UP_MS = 30_000
/** Between two times that it is typed, milliseconds. */
const AGAIN_MS = 60_000

export const RECONNECT_COMMAND = '/mcp reconnect fleet'

export interface ReconnectParts {
  hasStream(): boolean
  isIdle(): boolean
  /** False when it was not typed: a dialog, a draft. */
  type(): Promise<boolean>
  /** Monotonic. */
  nowMs(): number
}

export class Reconnect {
  readonly #parts: ReconnectParts
  #dueAtMs: number | undefined
  #isTyping = false

  constructor(parts: ReconnectParts) {
    this.#parts = parts
  }

  /** Called now and then, whether it answers or not. */
  async look(): Promise<void> {
    const { hasStream, isIdle, type, nowMs } = this.#parts
    if (hasStream()) {
      this.#dueAtMs = undefined
      return
    }
    this.#dueAtMs ??= nowMs() + GIVES_UP_MS
    if (this.#isTyping || nowMs() < this.#dueAtMs || !isIdle()) return
    this.#isTyping = true
    try {
      if (await type()) this.#dueAtMs = nowMs() + AGAIN_MS
    } finally {
      this.#isTyping = false
    }
  }
}
