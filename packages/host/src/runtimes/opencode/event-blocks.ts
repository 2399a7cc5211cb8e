/** The blocks of a stream of events, as its pieces come: an empty line stands between two. */

const GAP = '\n\n'

export class EventBlocks {
  readonly #limit: number
  /** Of the block whose end has not come, joined once. */
  #pieces: string[] = []
  #length = 0

  /** @param limit longest block, characters */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** The blocks that this piece ends; `undefined` for one above the limit. */
  push(piece: string): string[] | undefined {
    const gapIsSplit = piece.startsWith('\n') && this.#pieces.at(-1)?.endsWith('\n') === true
    this.#pieces.push(piece)
    this.#length += piece.length
    if (!gapIsSplit && !piece.includes(GAP)) {
      return this.#length > this.#limit ? undefined : []
    }
    const blocks = this.#pieces.join('').split(GAP)
    const rest = blocks.pop() ?? ''
    this.#pieces = rest === '' ? [] : [rest]
    this.#length = rest.length
    return blocks
  }
}
