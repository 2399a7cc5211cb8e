/** The terminal: its modes, and drawing only the rows that changed. */

import type { ReadStream, WriteStream } from 'node:tty'
import type { Row, Tone, View } from './view.ts'

const SGR: Readonly<Record<Tone, string>> = {
  plain: '',
  header: '\x1b[1;7m',
  dim: '\x1b[2m',
  user: '\x1b[36m',
  alert: '\x1b[33m',
  good: '\x1b[32m',
}
/** Tones that stay without colour: they are no colours. */
const COLOURLESS: ReadonlySet<Tone> = new Set(['header', 'dim'])

const BRACKETED_PASTE_ON = '\x1b[?2004h'
const BRACKETED_PASTE_OFF = '\x1b[?2004l'
const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'
const CLEAR = '\x1b[2J\x1b[H'
/** The terminal answers it after it has taken in all output before. */
const REQUEST_STATUS = '\x1b[5n'

export interface Terminal {
  input: ReadStream
  output: WriteStream
  colour: boolean
}

export interface TerminalEvents {
  data(chunk: Buffer): void
  resized(): void
  /** There is nobody at the terminal any more. */
  gone(): void
}

export class Screen {
  readonly #terminal: Terminal
  /** What each row of the terminal holds. */
  #drawn: string[] = []
  #open = false

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  get size(): { width: number; height: number } {
    return { width: this.#terminal.output.columns || 80, height: this.#terminal.output.rows || 24 }
  }

  /** Raw mode, bracketed paste, and a request for the terminal's word that it has taken both in. */
  open(events: TerminalEvents): void {
    this.#open = true
    const { input, output } = this.#terminal
    input.setRawMode(true)
    input.on('data', events.data)
    input.on('end', events.gone)
    input.on('error', events.gone)
    output.on('error', events.gone)
    output.on('resize', () => {
      this.forget()
      events.resized()
    })
    this.#write(BRACKETED_PASTE_ON + CLEAR + REQUEST_STATUS)
  }

  /** Everything is drawn anew with the next view. */
  forget(): void {
    this.#drawn = []
  }

  draw(view: View): void {
    if (!this.#open) return
    let out = this.#drawn.length === 0 ? CLEAR : ''
    const lines = view.rows.map((line) => this.#styled(line))
    for (const [index, line] of lines.entries()) {
      if (this.#drawn[index] !== line) out += `\x1b[${index + 1};1H${line}\x1b[K`
    }
    this.#drawn = lines
    const { cursor } = view
    out += cursor === undefined ? HIDE_CURSOR : `\x1b[${cursor.row + 1};${cursor.column + 1}H${SHOW_CURSOR}`
    this.#write(out)
  }

  /** Leaves the last screen where it is and the terminal as it was. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#write(`${BRACKETED_PASTE_OFF}${SHOW_CURSOR}\x1b[${this.size.height};1H\r\n`)
    try {
      this.#terminal.input.setRawMode(false)
    } catch {
      // The terminal is gone.
    }
  }

  #styled({ text, tone }: Row): string {
    const sgr = this.#terminal.colour || COLOURLESS.has(tone) ? SGR[tone] : ''
    return sgr === '' ? text : `${sgr}${text}\x1b[0m`
  }

  #write(text: string): void {
    this.#terminal.output.write(text)
  }
}
