/** Ends ephemeral agents that have had nothing to do for as long as their roster lets them. Costs nothing while they work. */

import type { AgentDefinition } from '@mosaic/domain/agent'
import type { Clock } from '@mosaic/domain/ports/clock'
import type { Activity } from '@mosaic/domain/signal'

/** A timer takes a longer delay for none. */
const MAX_DELAY_MS = 2 ** 31 - 1

export interface IdleEndsParts {
  clock: Clock
  agent(name: string): AgentDefinition | undefined
  /** How long it has been idle, with no message that waits for it; `undefined` while it works, or nobody knows. Milliseconds. */
  idleForMs(name: string): number | undefined
  /** Removes the agent. */
  end(name: string): Promise<void>
  log(text: string): void
}

/** What a runtime said of itself, and how many messages wait for it, as the time that it has had nothing to do. */
export const idleForMs = (
  heard: { activity: Activity | null; activityForMs: number } | undefined,
  queued: number | undefined,
): number | undefined => (heard?.activity === 'idle' && (queued ?? 0) === 0 ? heard.activityForMs : undefined)

export class IdleEnds implements Disposable {
  readonly #parts: IdleEndsParts
  readonly #timers = new Map<string, () => void>()
  readonly #ending = new Set<string>()

  constructor(parts: IdleEndsParts) {
    this.#parts = parts
  }

  /** Something happened to this agent, or to all of them. */
  heed(name: string | null): void {
    for (const each of name === null ? [...this.#timers.keys()] : [name]) this.#look(each)
  }

  #look(name: string): void {
    this.#timers.get(name)?.()
    this.#timers.delete(name)
    const { agent, idleForMs, clock } = this.#parts
    const { lifecycle, idleTimeoutMs } = agent(name) ?? {}
    if (lifecycle !== 'ephemeral' || idleTimeoutMs === undefined || this.#ending.has(name)) return
    const forMs = idleForMs(name)
    if (forMs === undefined) return
    if (forMs >= idleTimeoutMs) void this.#end(name)
    else
      this.#timers.set(
        name,
        clock.after(Math.min(idleTimeoutMs - forMs, MAX_DELAY_MS), () => this.#look(name)),
      )
  }

  async #end(name: string): Promise<void> {
    this.#ending.add(name)
    try {
      await this.#parts.end(name)
    } catch (error) {
      this.#parts.log(`${name} was idle for long and could not be removed: ${(error as Error).message}`)
    } finally {
      this.#ending.delete(name)
    }
  }

  [Symbol.dispose](): void {
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
  }
}
