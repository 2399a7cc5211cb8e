/** Where the items of a YAML collection stand in the text, to the character: what an edit needs to leave the rest alone. */

import { type CST, isMap, isPair, isSeq, type Pair, type ParsedNode, type YAMLMap, type YAMLSeq } from 'yaml'

export type Collection = YAMLMap.Parsed | YAMLSeq.Parsed

/** One item: an entry of a sequence or a pair of a mapping. Offsets into the text. */
export interface Slot {
  /** Its first character: the dash of a block sequence, else the key or value with its properties. */
  start: number
  /** After its last character, trailing comments not included. */
  end: number
  /** Flow style: the comma before and after it. */
  commaBefore: number | undefined
  commaAfter: number | undefined
}

const SEPARATORS: ReadonlySet<string> = new Set(['space', 'newline', 'comment', 'comma'])

export const isCollection = (node: unknown): node is Collection => isMap(node) || isSeq(node)

/** After the last character of what `node` says. */
export function contentEnd(node: ParsedNode): number {
  if (isCollection(node) && node.flow !== true) {
    const last: unknown = node.items.at(-1)
    if (isPair(last)) return pairEnd(last)
    if (last !== undefined) return contentEnd(last as ParsedNode)
  }
  return node.range[1]
}

function pairEnd(pair: Pair): number {
  return contentEnd((pair.value ?? pair.key) as ParsedNode)
}

const commaOf = (item: CST.CollectionItem | undefined): number | undefined => item?.start.find((token) => token.type === 'comma')?.offset

/** True for the entries of a source collection that became items; the others hold only comments or a trailing comma. */
const isItem = (item: CST.CollectionItem): boolean =>
  item.key !== undefined || item.sep !== undefined || item.value !== undefined || item.start.some((token) => !SEPARATORS.has(token.type))

function slotStart(item: CST.CollectionItem | undefined, node: ParsedNode): number {
  return item?.start.find((token) => !SEPARATORS.has(token.type))?.offset ?? node.range[0]
}

/** The slots of a collection, in order; `undefined` when the tree does not tell where they are. */
export function slotsOf(collection: Collection): Slot[] | undefined {
  const source = collection.srcToken
  if (source === undefined) return undefined
  const all: readonly CST.CollectionItem[] = source.items
  const written = all.flatMap((item, index) => (isItem(item) ? [{ item, next: all[index + 1] }] : []))
  const nodes: readonly unknown[] = collection.items
  if (written.length !== nodes.length) return undefined
  return nodes.map((node, index) => {
    const entry = written[index]
    const first = (isPair(node) ? node.key : node) as ParsedNode
    return {
      start: slotStart(entry?.item, first),
      end: isPair(node) ? pairEnd(node) : contentEnd(first),
      commaBefore: commaOf(entry?.item),
      commaAfter: commaOf(entry?.next),
    }
  })
}

/** Offset of the first character of the line that holds `offset`. */
export const lineStart = (text: string, offset: number): number => text.lastIndexOf('\n', offset - 1) + 1

/** Where the line ends that `offset` is in: before its line break. A block scalar that ends with its line break is at an end already. */
export function lineEnd(text: string, offset: number): number {
  const at = text.indexOf('\n', offset)
  if (at === -1) return text.length
  return text[at - 1] === '\r' && at > offset ? at - 1 : at
}

/** Column, from 0, of `offset` in its line. */
export const columnOf = (text: string, offset: number): number => offset - lineStart(text, offset)

/** True when only blanks stand before `offset` in its line. */
export const startsLine = (text: string, offset: number): boolean => /^[ \t]*$/.test(text.slice(lineStart(text, offset), offset))
