/** From the terminal's bytes to keys, text and pastes. A paste is text, whatever is in it. */

import { StringDecoder } from 'node:string_decoder'

export const KEY_NAMES = [
  'enter',
  'newline',
  'backspace',
  'delete',
  'left',
  'right',
  'up',
  'down',
  'home',
  'end',
  'escape',
  'ctrl-a',
  'ctrl-c',
  'ctrl-d',
  'ctrl-e',
  'ctrl-l',
  'ctrl-u',
  'ctrl-w',
] as const
export type KeyName = (typeof KEY_NAMES)[number]

export type TerminalInput =
  | { kind: 'text'; text: string }
  | { kind: 'key'; key: KeyName }
  | { kind: 'paste'; text: string }
  /** The terminal's answer to the request for its status: all output before that request has been taken in. */
  | { kind: 'report' }

const PASTE_START = '\x1b[200~'
const PASTE_END = '\x1b[201~'
/** What is pasted beyond this many characters is dropped. */
const MAX_PASTE = 4 * 1024 * 1024
/** After this long a lone ESC is the Escape key, milliseconds. */
const ESCAPE_MS = 30

const CONTROL: Readonly<Record<string, KeyName>> = {
  '\r': 'enter',
  '\n': 'newline',
  '\x7f': 'backspace',
  '\b': 'backspace',
  '\x01': 'ctrl-a',
  '\x03': 'ctrl-c',
  '\x04': 'ctrl-d',
  '\x05': 'ctrl-e',
  '\x0c': 'ctrl-l',
  '\x15': 'ctrl-u',
  '\x17': 'ctrl-w',
}

const SEQUENCES: Readonly<Record<string, KeyName>> = {
  '\x1b[A': 'up',
  '\x1b[B': 'down',
  '\x1b[C': 'right',
  '\x1b[D': 'left',
  '\x1b[H': 'home',
  '\x1b[F': 'end',
  '\x1b[1~': 'home',
  '\x1b[4~': 'end',
  '\x1b[3~': 'delete',
  '\x1bOA': 'up',
  '\x1bOB': 'down',
  '\x1bOC': 'right',
  '\x1bOD': 'left',
  '\x1bOH': 'home',
  '\x1bOF': 'end',
  '\x1b\r': 'newline',
  '\x1b\n': 'newline',
}

const WHOLE_SEQUENCE = /^\x1b(?:\[[0-?]*[ -/]*[@-~]|O[@-~]|[^[O])/
const PLAIN_TEXT = /^[^\x00-\x1f\x7f]+/

export class KeyParser implements Disposable {
  readonly #onInput: (input: TerminalInput) => void
  readonly #decoder = new StringDecoder('utf8')
  /** Begun and not yet whole. */
  #rest = ''
  #paste: string[] | undefined
  #pasteLength = 0
  #timer: NodeJS.Timeout | undefined

  constructor(onInput: (input: TerminalInput) => void) {
    this.#onInput = onInput
  }

  push(chunk: Buffer): void {
    clearTimeout(this.#timer)
    let text = this.#rest + this.#decoder.write(chunk)
    this.#rest = ''
    while (text !== '') {
      const next = this.#paste === undefined ? this.#typed(text) : this.#pasted(text)
      if (next === undefined) break
      text = next
    }
    if (this.#rest === '\x1b' && this.#paste === undefined) this.#timer = setTimeout(() => this.#flushEscape(), ESCAPE_MS)
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }

  #flushEscape(): void {
    this.#rest = ''
    this.#onInput({ kind: 'key', key: 'escape' })
  }

  /** Handles one unit and returns what follows it; `undefined` when the unit is not whole yet. */
  #typed(text: string): string | undefined {
    const plain = PLAIN_TEXT.exec(text)?.[0]
    if (plain !== undefined) {
      this.#onInput({ kind: 'text', text: plain })
      return text.slice(plain.length)
    }
    if (!text.startsWith('\x1b')) {
      const first = text[0] ?? ''
      const key = CONTROL[first]
      if (key !== undefined) this.#onInput({ kind: 'key', key })
      else if (first === '\t') this.#onInput({ kind: 'text', text: '\t' })
      return text.slice(1)
    }
    if (text.startsWith(PASTE_START)) {
      this.#paste = []
      this.#pasteLength = 0
      return text.slice(PASTE_START.length)
    }
    const sequence = WHOLE_SEQUENCE.exec(text)?.[0]
    if (sequence === undefined) {
      // Longer than any sequence there is: not one.
      if (text.length > 64) return text.slice(1)
      this.#rest = text
      return undefined
    }
    // ESC before a sequence of its own is the Escape key.
    if (sequence === '\x1b\x1b') {
      this.#onInput({ kind: 'key', key: 'escape' })
      return text.slice(1)
    }
    const key = SEQUENCES[sequence]
    if (key !== undefined) this.#onInput({ kind: 'key', key })
    else if (sequence === '\x1b[0n') this.#onInput({ kind: 'report' })
    return text.slice(sequence.length)
  }

  #pasted(text: string): string | undefined {
    const end = text.indexOf(PASTE_END)
    if (end !== -1) {
      this.#keep(text.slice(0, end))
      const whole = (this.#paste ?? []).join('')
      this.#paste = undefined
      // Some terminals send a carriage return for each newline.
      this.#onInput({ kind: 'paste', text: whole.replace(/\r\n?/g, '\n') })
      return text.slice(end + PASTE_END.length)
    }
    // The end mark may be cut in two.
    const mark = text.lastIndexOf('\x1b')
    const cut = mark !== -1 && PASTE_END.startsWith(text.slice(mark)) ? mark : text.length
    this.#keep(text.slice(0, cut))
    this.#rest = text.slice(cut)
    return undefined
  }

  #keep(part: string): void {
    if (this.#pasteLength >= MAX_PASTE) return
    this.#paste?.push(part)
    this.#pasteLength += part.length
  }
}

/** What an input means to an open dialog, if anything: single keys do, a paste does not. */
export function dialogAnswer(input: TerminalInput): boolean | undefined {
  if (input.kind === 'key') return input.key === 'enter' ? true : input.key === 'escape' || input.key === 'ctrl-c' ? false : undefined
  if (input.kind !== 'text') return undefined
  return /^y/i.test(input.text) ? true : /^n/i.test(input.text) ? false : undefined
}
