/** What happened in the fleet: the newest events kept in memory, and handed to whoever listens. */

import type { FleetEvent } from '@mosaic/domain/agent-record'
import type { Clock } from '@mosaic/domain/ports/clock'

const KEPT = 2_000

export class FleetEvents {
  readonly #clock: Clock
  readonly #kept: FleetEvent[] = []
  readonly #listeners = new Set<() => void>()
  #seq: number

  constructor(clock: Clock) {
    this.#clock = clock
    // Later than every number of an earlier service, so that a client that comes back misses nothing and repeats nothing.
    this.#seq = Math.floor(clock.wallMs()) * 1_000
  }

  add(event: Omit<FleetEvent, 'seq' | 'at'>): void {
    this.#seq += 1
    this.#kept.push({ seq: this.#seq, at: new Date(this.#clock.wallMs()).toISOString(), ...event })
    if (this.#kept.length > KEPT) this.#kept.shift()
    for (const listener of this.#listeners) listener()
  }

  /** Events after `sinceSeq` (default: from now on) until `signal` aborts. */
  async *follow(options: { sinceSeq?: number; signal: AbortSignal }): AsyncIterable<FleetEvent> {
    let after = options.sinceSeq ?? this.#seq
    let wake = () => {}
    const listener = () => wake()
    this.#listeners.add(listener)
    options.signal.addEventListener('abort', listener)
    try {
      while (!options.signal.aborted) {
        const fresh = this.#kept.filter((event) => event.seq > after)
        for (const event of fresh) {
          if (options.signal.aborted) return
          after = event.seq
          yield event
        }
        if (fresh.length > 0 || options.signal.aborted) continue
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    } finally {
      this.#listeners.delete(listener)
      options.signal.removeEventListener('abort', listener)
    }
  }
}
