/** Offsets of a text as lines and columns, both from 1; a column counts characters, an emoji as one. */

export interface TextPosition {
  line: number
  column: number
}

export class TextPositions {
  readonly #text: string
  /** Offset of the first character of each line. */
  readonly #starts: number[] = [0]

  constructor(text: string) {
    this.#text = text
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1)
  }

  /** The position of `offset`; beyond either end it is that end. */
  at(offset: number): TextPosition {
    const bounded = Math.max(0, Math.min(offset, this.#text.length))
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#starts[middle] ?? 0) <= bounded) low = middle
      else high = middle - 1
    }
    const start = this.#starts[low] ?? 0
    let column = 1
    for (let at = start; at < bounded; at += 1) {
      // The second half of a surrogate pair is no character of its own.
      const code = this.#text.charCodeAt(at)
      if (code < 0xdc00 || code > 0xdfff) column += 1
    }
    return { line: low + 1, column }
  }
}
