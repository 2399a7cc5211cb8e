/** A full screen that is repainted in place, and given back as it was found. */

import type { Sink, Source } from '../world.ts'

const ENTER = '\u001b[?1049h\u001b[?25l'
const LEAVE = '\u001b[?25h\u001b[?1049l'

/** One key, as terminals send it: a sequence behind Escape, or a character. */
const KEY = /\u001b[[O][0-9;]*[A-Za-z~]|[\s\S]/gu

export class Screen implements Disposable {
  readonly #out: Sink
  readonly #in: Source
  readonly #onKey: (key: string) => void
  #painted: string[] = []
  #open = false
  readonly #listen = (chunk: Buffer | string) => {
    // Keys that are pressed fast come together.
    for (const [key] of chunk.toString().matchAll(KEY)) this.#onKey(key)
  }
  readonly #resized = () => {
    this.#painted = []
    this.#onKey('resize')
  }

  /** @param onKey what was typed, as the terminal sends it; `resize` when its size changed */
  constructor(out: Sink, input: Source, onKey: (key: string) => void) {
    this.#out = out
    this.#in = input
    this.#onKey = onKey
  }

  get rows(): number {
    return Math.max(4, this.#out.rows ?? 24)
  }

  open(): void {
    this.#open = true
    this.#out.write(ENTER)
    this.#out.on?.('resize', this.#resized)
    if (this.#in.isTTY !== true) return
    this.#in.setRawMode?.(true)
    this.#in.on('data', this.#listen)
    this.#in.resume()
  }

  /** Shows these lines, already as wide as the terminal at most. Writes only the lines that changed. */
  paint(lines: readonly string[]): void {
    const shown = lines.slice(0, this.rows)
    let out = this.#painted.length === 0 ? '\u001b[H\u001b[2J' : ''
    for (let row = 0; row < Math.max(shown.length, this.#painted.length); row += 1) {
      const line = shown[row] ?? ''
      if (line !== (this.#painted[row] ?? '')) out += `\u001b[${row + 1};1H${line}\u001b[K`
    }
    this.#painted = [...shown]
    if (out !== '') this.#out.write(out)
  }

  [Symbol.dispose](): void {
    if (!this.#open) return
    this.#open = false
    this.#out.off?.('resize', this.#resized)
    if (this.#in.isTTY === true) {
      this.#in.off('data', this.#listen)
      this.#in.setRawMode?.(false)
      this.#in.pause()
    }
    this.#out.write(LEAVE)
  }
}
