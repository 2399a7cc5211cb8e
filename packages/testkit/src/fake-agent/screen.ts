/** What the fake agent draws: a prompt line, what it says, a dialog. */

import { displaySafe } from '@mosaic/domain/display'

const ESC = '\u001b'
/** Of a draft, so that a large paste is not drawn whole. */
const SHOWN_CHARACTERS = 60

export class Screen {
  readonly #out: NodeJS.WriteStream
  readonly #prompt: string
  readonly #alternate: boolean

  constructor(out: NodeJS.WriteStream, options: { prompt: string; alternate: boolean }) {
    this.#out = out
    this.#prompt = options.prompt
    this.#alternate = options.alternate
    // The terminal may go away under a program that ignores SIGHUP.
    out.on('error', () => undefined)
    if (this.#alternate) this.write(`${ESC}[?1049h${ESC}[H`)
    process.once('exit', () => this.write(`${ESC}[?2004l${this.#alternate ? `${ESC}[?1049l` : ''}`))
  }

  write(data: string | Uint8Array): void {
    this.#out.write(data)
  }

  bracketedPaste(on: boolean): void {
    this.write(`${ESC}[?2004${on ? 'h' : 'l'}`)
  }

  /** Replaces the prompt line. */
  draft(text: string): void {
    const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text
    this.write(`\r${ESC}[2K${this.#prompt}${displaySafe(shown)}`)
  }

  /** A line above the prompt. */
  say(text: string): void {
    this.write(`\r${ESC}[2K${displaySafe(text)}\r\n`)
  }

  dialog(question: string): void {
    this.write(`\r${ESC}[2K${displaySafe(question)}\r\n> 1. Yes\r\n  2. No\r\nEnter to confirm`)
  }
}
