/** Bounds how many acts go on at once: a whole fleet that starts must not stand in its own way. */

export class Slots {
  #free: number
  readonly #waiting: (() => void)[] = []

  /** @param count acts at a time */
  constructor(count: number) {
    this.#free = count
  }

  /** Acts as soon as a slot is free, in the order of the calls. An act must not wait for another slot. */
  async use<T>(act: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await act()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free += 1
      else next()
    }
  }
}
