/** Waiting for "something happened", however often it did. */

export class Wakeup {
  #rung = false
  #ring: (() => void) | undefined

  wake(): void {
    this.#rung = true
    this.#ring?.()
  }

  /** True when woken (also before the call, since the last one), false when `withinMs` passed. */
  async wait(withinMs: number): Promise<boolean> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, withinMs)
        this.#ring = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      this.#ring = undefined
    }
    const rung = this.#rung
    this.#rung = false
    return rung
  }
}
