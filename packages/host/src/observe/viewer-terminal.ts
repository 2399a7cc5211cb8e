/** The operator's terminal while something is shown on it: set up once, and restored on every way out. */

import { writeSync } from 'node:fs'
import type { ReadStream, WriteStream } from 'node:tty'
import type { Size } from './viewport.ts'

/** Alternate screen, no wrapping at the right edge. */
const ENTER = '\u001b[?1049h\u001b[?7l\u001b[0m\u001b[2J'
const LEAVE = '\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const
export type EndSignal = (typeof SIGNALS)[number]

/** A terminal to draw on, e.g. `process.stdout`. */
export type TerminalOutput = WriteStream & { readonly fd: number }

export type Key = 'quit' | 'interrupt' | 'up' | 'down' | 'left' | 'right' | 'follow'

export interface TerminalEvents {
  key(key: Key): void
  resized(): void
  /** The terminal is gone, or this process is asked to end. */
  ended(why: 'terminal-gone' | EndSignal): void
}

const ARROWS: Readonly<Record<string, Key>> = { A: 'up', B: 'down', C: 'right', D: 'left' }

/** Keys that mean something here; everything else is dropped. */
export function keysOf(text: string): Key[] {
  const keys: Key[] = []
  for (const [token, arrow] of text.matchAll(/\u001b[[O][0-9;]*([A-Za-z~])|[\s\S]/g)) {
    if (arrow !== undefined) {
      const key = ARROWS[arrow]
      if (key !== undefined) keys.push(key)
    } else if (token === 'q' || token === 'Q' || token === '\u0004') keys.push('quit')
    // In raw mode Ctrl-C is a key and no signal.
    else if (token === '\u0003') keys.push('interrupt')
    else if (token === 'f') keys.push('follow')
  }
  return keys
}

export class ViewerTerminal implements Disposable {
  readonly #stdin: ReadStream
  readonly #stdout: TerminalOutput
  readonly #undo: (() => void)[] = []
  #gone = false

  constructor(stdin: ReadStream, stdout: TerminalOutput, events: TerminalEvents) {
    this.#stdin = stdin
    this.#stdout = stdout
    const gone = () => {
      this.#gone = true
      events.ended('terminal-gone')
    }
    this.#on(stdin, 'data', (text) => {
      for (const key of keysOf(String(text))) events.key(key)
    })
    for (const event of ['end', 'close', 'error']) this.#on(stdin, event, gone)
    for (const event of ['close', 'error']) this.#on(stdout, event, gone)
    this.#on(stdout, 'resize', () => events.resized())
    for (const signal of SIGNALS) this.#on(process, signal, () => events.ended(signal))
    // An error that nobody catches, or an exit from elsewhere.
    this.#on(process, 'exit', () => this[Symbol.dispose]())
    stdin.setRawMode(true)
    stdin.resume()
    this.write(ENTER)
  }

  get size(): Size {
    return { columns: Math.max(1, this.#stdout.columns), rows: Math.max(1, this.#stdout.rows) }
  }

  write(text: string): void {
    if (!this.#gone) this.#stdout.write(text)
  }

  [Symbol.dispose](): void {
    const undo = this.#undo.splice(0)
    if (undo.length === 0) return
    try {
      this.#stdin.setRawMode(false)
      // Not through the stream: nothing written later gets out of an ending process.
      writeSync(this.#stdout.fd, LEAVE)
    } catch {
      // The terminal is gone, and its state with it.
    }
    for (const remove of undo) remove()
    this.#stdin.pause()
  }

  #on(emitter: NodeJS.EventEmitter, event: string, listener: (value: unknown) => void): void {
    emitter.on(event, listener)
    this.#undo.push(() => emitter.off(event, listener))
  }
}
