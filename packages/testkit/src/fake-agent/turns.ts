/** Turns of the fake agent: one at a time, in order, none while it waits for an answer. */

export interface TurnEvents {
  /** True while no turn may begin. */
  held(): boolean
  /** `turn` is its number, from 1. */
  started(turn: number): void
  ended(turn: number): void
}

export class Turns {
  readonly #events: TurnEvents
  readonly #waiting: number[] = []
  #running: NodeJS.Timeout | undefined
  #ended = 0

  constructor(events: TurnEvents) {
    this.#events = events
  }

  get busy(): boolean {
    return this.#running !== undefined
  }

  /** Turns finished. */
  get count(): number {
    return this.#ended
  }

  add(thinkMs: number): void {
    this.#waiting.push(thinkMs)
    this.next()
  }

  forget(): void {
    this.#ended = 0
  }

  /** Begins what may begin. */
  next(): void {
    if (this.busy || this.#events.held()) return
    const thinkMs = this.#waiting.shift()
    if (thinkMs === undefined) return
    this.#running = setTimeout(() => this.settle(), thinkMs)
    this.#events.started(this.#ended + 1)
    if (thinkMs === 0) this.settle()
  }

  /** Ends the turn that runs, if one does. */
  settle(): void {
    if (this.#running === undefined) return
    clearTimeout(this.#running)
    this.#running = undefined
    this.#ended += 1
    this.#events.ended(this.#ended)
    this.next()
  }
}
