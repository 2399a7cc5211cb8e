/**
 * Every question of Claude Code belongs to a tool that is about to run, and a tool is announced by a hook that it waits
 * for. While somebody types, that hook is not answered: so no question can open between a look and the Enter.
 */

import { fieldsOf, textOf } from '../fields.ts'

/** After a tool was let through it runs or asks; what took longer than this to say which runs, milliseconds. */
const SETTLE_MS = 1500

export class ToolGate {
  readonly #nowMs: () => number
  /** Tools that were let through and have not said what became of them: when. */
  readonly #passed = new Map<string, number>()
  #holders = 0
  #held = Promise.withResolvers<void>()
  #changed = Promise.withResolvers<void>()

  /** @param nowMs monotonic */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs
  }

  /** From now on no tool begins, until the result is disposed. */
  hold(): Disposable {
    this.#holders += 1
    let over = false
    return {
      [Symbol.dispose]: () => {
        if (over) return
        over = true
        this.#holders -= 1
        if (this.#holders > 0) return
        this.#held.resolve()
        this.#held = Promise.withResolvers()
      },
    }
  }

  /** Resolves when the tool may begin. */
  async announced(payload: unknown): Promise<void> {
    while (this.#holders > 0) await this.#held.promise
    const id = textOf(fieldsOf(payload)['tool_use_id'])
    if (id !== undefined) this.#passed.set(id, this.#nowMs())
  }

  /** It ran, failed, or asks. */
  settled(payload: unknown): void {
    // A question does not name its tool's use: whatever is under way is known by the question then.
    const id = textOf(fieldsOf(payload)['tool_use_id'])
    if (id === undefined) this.#passed.clear()
    else this.#passed.delete(id)
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  /** Resolves when no tool is between being let through and running or asking. */
  async quiet(): Promise<void> {
    for (;;) {
      const nowMs = this.#nowMs()
      const waits = [...this.#passed.values()].map((atMs) => atMs + SETTLE_MS - nowMs).filter((ms) => ms > 0)
      if (waits.length === 0) return
      const { promise: late, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, Math.max(...waits))
      await Promise.race([this.#changed.promise, late])
      clearTimeout(timer)
    }
  }
}
