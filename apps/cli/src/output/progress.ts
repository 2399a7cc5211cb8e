/** What goes on while something takes longer than a second: on stderr, in place on a terminal, line by line elsewhere. */

import { displaySafe } from '@mosaic/domain/display'
import type { Sink } from '../world.ts'
import type { Style } from './style.ts'
import { truncate } from './width.ts'

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME_MS = 100

export interface ProgressOptions {
  style: Style
  /** Silence until this long after the first word, milliseconds. */
  afterMs?: number
}

export class Progress implements Disposable {
  readonly #sink: Sink
  readonly #style: Style
  readonly #afterMs: number
  #lines: readonly string[] = []
  #shown = 0
  #frame = 0
  #said = ''
  #due = false
  #timer: NodeJS.Timeout | undefined

  constructor(sink: Sink, options: ProgressOptions) {
    this.#sink = sink
    this.#style = options.style
    this.#afterMs = options.afterMs ?? 1000
  }

  /** Replaces what is shown. The first line is the matter, the others its parts. */
  say(...lines: readonly string[]): void {
    this.#lines = lines.map(displaySafe)
    if (this.#due) this.#show()
    else this.#timer ??= setTimeout(() => this.#start(), this.#afterMs)
  }

  /** Clears what is shown; a later `say` starts afresh. */
  end(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#erase()
    this.#due = false
    this.#lines = []
    this.#said = ''
  }

  [Symbol.dispose](): void {
    this.end()
  }

  #start(): void {
    this.#due = true
    this.#show()
    // A terminal is repainted so that it is seen to live; a log is not.
    this.#timer = this.#sink.isTTY === true ? setInterval(() => this.#show(), FRAME_MS) : undefined
    this.#timer?.unref()
  }

  #show(): void {
    if (this.#sink.isTTY === true) this.#repaint()
    else this.#log()
  }

  /** A log gets a line when the matter changes, not for each of its parts. */
  #log(): void {
    const [matter = ''] = this.#lines
    if (matter === this.#said || matter === '') return
    this.#said = matter
    this.#sink.write(`${this.#lines.join('; ')}\n`)
  }

  #repaint(): void {
    this.#frame = (this.#frame + 1) % FRAMES.length
    const room = (this.#sink.columns ?? 80) - 4
    const fitting = this.#lines.slice(0, Math.max(1, (this.#sink.rows ?? 24) - 2))
    const mark = this.#style.cyan(FRAMES[this.#frame] ?? '')
    const text = fitting.map((line, index) => `${index === 0 ? mark : ' '} ${truncate(line, room)}\u001b[K\n`).join('')
    this.#sink.write(`${this.#back()}${text}\u001b[J`)
    this.#shown = fitting.length
  }

  #erase(): void {
    if (this.#shown > 0) this.#sink.write(`${this.#back()}\u001b[J`)
    this.#shown = 0
  }

  #back(): string {
    return this.#shown === 0 ? '' : `\r\u001b[${this.#shown}A`
  }
}
