/**
 * The one entry into a runtime's session for what nobody calls and nobody awaits: changes of files, timers, events, promises
 * that are let go. What fails there, such as a write on a full disk, would else end the host service for its whole tenant.
 */

/** Pause before everything is looked at again, milliseconds: longer with each failure that follows at once. */
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 60_000

export interface GuardParts {
  log(text: string): void
  /** Looks at everything anew: what failed is done by this look. It runs guarded, too. */
  lookAgain(): unknown
  firstPauseMs?: number
}

export class Guard implements Disposable {
  readonly #parts: GuardParts
  #timer: NodeJS.Timeout | undefined
  #pauseMs = 0
  #failedAtMs = Number.NEGATIVE_INFINITY
  #said = ''
  #disposed = false

  constructor(parts: GuardParts) {
    this.#parts = parts
  }

  /** Runs it, at once. The promise is of its end, true when it went well; it never rejects. */
  async run(act: () => unknown): Promise<boolean> {
    try {
      await act()
      return true
    } catch (error) {
      this.#failed(error)
      return false
    }
  }

  /** What is still under way may fail: nobody hears of it. */
  [Symbol.dispose](): void {
    this.#disposed = true
    clearTimeout(this.#timer)
  }

  #failed(error: unknown): void {
    if (this.#disposed) return
    const firstPauseMs = this.#parts.firstPauseMs ?? FIRST_PAUSE_MS
    const follows = performance.now() - this.#failedAtMs < 2 * this.#pauseMs
    this.#failedAtMs = performance.now()
    const text = error instanceof Error ? error.message : String(error)
    if (!follows || text !== this.#said) this.#tell(text)
    if (this.#timer !== undefined) return
    this.#pauseMs = follows ? Math.min(LONGEST_PAUSE_MS, 2 * this.#pauseMs) : firstPauseMs
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      void this.run(() => this.#parts.lookAgain())
    }, this.#pauseMs).unref()
  }

  #tell(text: string): void {
    this.#said = text
    try {
      this.#parts.log(`what it says could not be taken in: ${text}; it is looked at again`)
    } catch {
      // A full disk is full for the log, too.
    }
  }
}
