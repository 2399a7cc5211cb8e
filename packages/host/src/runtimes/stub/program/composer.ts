/** The text under composition and its cursor. Positions are UTF-16 indices on grapheme boundaries. */

import type { KeyName } from './key-parser.ts'
import { graphemesOf } from './text-width.ts'

/** How far back a grapheme can begin, UTF-16 units; longer ones are cut. */
const GRAPHEME_REACH = 64

export class Composer {
  #text = ''
  #cursor = 0

  get text(): string {
    return this.#text
  }

  get cursor(): number {
    return this.#cursor
  }

  get isEmpty(): boolean {
    return this.#text === ''
  }

  insert(text: string): void {
    this.#text = this.#text.slice(0, this.#cursor) + text + this.#text.slice(this.#cursor)
    this.#cursor += text.length
  }

  /** The whole text; the composer is empty afterwards. */
  take(): string {
    const text = this.#text
    this.clear()
    return text
  }

  clear(): void {
    this.#text = ''
    this.#cursor = 0
  }

  backspace(): void {
    this.#remove(this.#before(), this.#cursor)
  }

  delete(): void {
    this.#remove(this.#cursor, this.#after())
  }

  left(): void {
    this.#cursor = this.#before()
  }

  right(): void {
    this.#cursor = this.#after()
  }

  home(): void {
    this.#cursor = this.#lineStart(this.#cursor)
  }

  end(): void {
    this.#cursor = this.#lineEnd(this.#cursor)
  }

  up(): void {
    const start = this.#lineStart(this.#cursor)
    if (start === 0) this.#cursor = 0
    else this.#toColumn(this.#lineStart(start - 1), this.#cursor - start)
  }

  down(): void {
    const end = this.#lineEnd(this.#cursor)
    if (end === this.#text.length) this.#cursor = end
    else this.#toColumn(end + 1, this.#cursor - this.#lineStart(this.#cursor))
  }

  /** Removes from the line's start to the cursor. */
  killToLineStart(): void {
    this.#remove(this.#lineStart(this.#cursor), this.#cursor)
  }

  killWord(): void {
    const before = this.#text.slice(0, this.#cursor)
    this.#remove(before.replace(/\S*\s*$/, '').length, this.#cursor)
  }

  #remove(from: number, to: number): void {
    this.#text = this.#text.slice(0, from) + this.#text.slice(to)
    this.#cursor = from
  }

  #before(): number {
    const reach = this.#text.slice(Math.max(0, this.#cursor - GRAPHEME_REACH), this.#cursor)
    return this.#cursor - (graphemesOf(reach).at(-1)?.length ?? 0)
  }

  #after(): number {
    const reach = this.#text.slice(this.#cursor, this.#cursor + GRAPHEME_REACH)
    return this.#cursor + (graphemesOf(reach)[0]?.length ?? 0)
  }

  #lineStart(from: number): number {
    return from === 0 ? 0 : this.#text.lastIndexOf('\n', from - 1) + 1
  }

  #lineEnd(from: number): number {
    const end = this.#text.indexOf('\n', from)
    return end === -1 ? this.#text.length : end
  }

  #toColumn(lineStart: number, column: number): void {
    const end = this.#lineEnd(lineStart)
    let at = lineStart
    for (const grapheme of graphemesOf(this.#text.slice(lineStart, Math.min(end, lineStart + column)))) at += grapheme.length
    this.#cursor = Math.min(at, end)
  }
}

const EDITS: Partial<Record<KeyName, (composer: Composer) => void>> = {
  newline: (composer) => composer.insert('\n'),
  backspace: (composer) => composer.backspace(),
  delete: (composer) => composer.delete(),
  left: (composer) => composer.left(),
  right: (composer) => composer.right(),
  up: (composer) => composer.up(),
  down: (composer) => composer.down(),
  home: (composer) => composer.home(),
  end: (composer) => composer.end(),
  'ctrl-a': (composer) => composer.home(),
  'ctrl-e': (composer) => composer.end(),
  'ctrl-u': (composer) => composer.killToLineStart(),
  'ctrl-w': (composer) => composer.killWord(),
}

/** Does what an editing key does; false for any other key. */
export function edit(composer: Composer, key: KeyName): boolean {
  const apply = EDITS[key]
  apply?.(composer)
  return apply !== undefined
}
