/** The exact edits that add, change and remove agents and their keys, for block and flow style. `undefined`: this layout has no safe one. */

import { FREE_KEYS, toSnake } from '@mosaic/domain/roster'
import { isMap, isScalar, isSeq, type Pair, type ParsedNode, type YAMLMap, type YAMLSeq } from 'yaml'
import { blockEntry, type EntryStyle, flowEntry, pairText, valueText } from './entry-text.ts'
import { contentEnd, lineEnd, lineStart, type Slot, slotsOf, startsLine } from './layout.ts'
import { appendFlow, indentTo, insertLines, lineBreak, removeFlow, removeLines, type Splice } from './splice.ts'
import { keyOf, pairOf } from './tree-value.ts'

type Entry = Readonly<Record<string, unknown>>

/** True when a mapping writes its keys as JSON does. */
export function isJson(node: unknown): boolean {
  if (!isMap(node)) return false
  const key: unknown = node.items[0]?.key
  return isScalar(key) && key.type === 'QUOTE_DOUBLE'
}

/** The spelling that most keys of the roster have. */
export function styleOf(root: unknown): EntryStyle {
  let camels = 0
  let snakes = 0
  const walk = (node: unknown): void => {
    if (isSeq(node)) node.items.forEach(walk)
    if (!isMap(node)) return
    for (const pair of node.items) {
      const key = keyOf(pair)
      if (key !== toSnake(key)) camels += 1
      else if (key.includes('_')) snakes += 1
      if (!FREE_KEYS.has(key)) walk(pair.value)
    }
  }
  walk(root)
  return { camel: camels > snakes, json: isJson(root) }
}

const blank = (text: string, from: number, to: number): boolean => /^\s*$/.test(text.slice(from, to))
const colonOf = (pair: Pair): number | undefined => pair.srcToken?.sep?.find((token) => token.type === 'map-value-ind')?.offset

/** True when an empty line stands right before the line of `offset`. */
function blankLineBefore(text: string, offset: number): boolean {
  const start = lineStart(text, offset)
  return start > 0 && blank(text, lineStart(text, start - 1), start)
}

function appendBlock(text: string, seq: YAMLSeq.Parsed, slots: readonly Slot[], last: Slot, entry: Entry, style: EntryStyle): Splice[] {
  const node: unknown = seq.items.at(-1)
  const indent = indentTo(text, last.start)
  const spaced = slots.length > 1 && blankLineBefore(text, last.start) ? [''] : []
  if (isMap(node) && node.flow === true) {
    return [insertLines(text, last.end, [...spaced, `${indent}- ${flowEntry(entry, { ...style, json: isJson(node) })}`])]
  }
  const first = isMap(node) ? slotsOf(node as YAMLMap.Parsed)?.[0] : undefined
  const between = first === undefined ? '' : text.slice(last.start + 1, first.start)
  const gap = /^ +$/.test(between) ? between : ' '
  return [insertLines(text, last.end, [...spaced, ...blockEntry(entry, style, indent, gap)])]
}

/** `agents: []` of a block roster becomes a block list; of a flow one it is filled. */
function fillEmpty(text: string, seq: YAMLSeq.Parsed, inFlow: boolean, entry: Entry, style: EntryStyle): Splice[] {
  const [from, to] = seq.range
  if (inFlow || !/^\[\s*\]$/.test(text.slice(from, to))) return [{ from: to - 1, to: to - 1, text: flowEntry(entry, style) }]
  const spaceFrom = text.slice(0, from).trimEnd().length
  return [{ from: spaceFrom, to, text: '' }, insertLines(text, to, blockEntry(entry, style, '  '))]
}

/** Adds an entry behind the last one of `agents`. */
export function appendAgent(text: string, root: unknown, agents: Pair, entry: Entry): Splice[] | undefined {
  const seq = agents.value as YAMLSeq.Parsed
  const slots = slotsOf(seq)
  const style = styleOf(root)
  const last = slots?.at(-1)
  if (slots === undefined) return undefined
  if (last === undefined) return fillEmpty(text, seq, isMap(root) && root.flow === true, entry, style)
  if (seq.flow !== true) return appendBlock(text, seq, slots, last, entry, style)
  const padding = text.startsWith('{ ', last.start) ? ' ' : ''
  return appendFlow(text, last, flowEntry(entry, { ...style, json: isJson(seq.items.at(-1)) }, padding))
}

/** Removes one entry of `agents` with its lines, and one of two blank lines that would meet. */
export function removeAgentAt(text: string, agents: Pair, index: number): Splice[] | undefined {
  const seq = agents.value as YAMLSeq.Parsed
  const slots = slotsOf(seq)
  const slot = slots?.[index]
  if (slots === undefined || slot === undefined) return undefined
  if (seq.flow === true) return removeFlow(text, slots, index)
  const colon = colonOf(agents)
  if (!startsLine(text, slot.start) || colon === undefined) return undefined
  const lines = removeLines(text, slot.start, slot.end)
  if (slots.length === 1) return [{ from: colon + 1, to: colon + 1, text: ' []' }, lines]
  const nextBreak = text.indexOf('\n', lines.to)
  const blankAfter = lines.to >= text.length || (nextBreak !== -1 && blank(text, lines.to, nextBreak))
  if (blankAfter && blankLineBefore(text, slot.start)) return [{ ...lines, from: lineStart(text, lineStart(text, slot.start) - 1) }]
  return [lines]
}

/** Gives a key of an entry another value, in the quotes that the old one had. */
export function setPair(text: string, map: YAMLMap.Parsed, key: string, value: unknown, style: EntryStyle): Splice[] | undefined {
  const pair = pairOf(map, key)
  const node = pair?.value as ParsedNode | null | undefined
  const colon = pair === undefined ? undefined : colonOf(pair)
  if (node === null || node === undefined || colon === undefined) return undefined
  const kind = isScalar(node) ? node.type : undefined
  const quote = kind === 'QUOTE_SINGLE' ? 'single' : kind === 'QUOTE_DOUBLE' ? 'double' : undefined
  const written = valueText(value, { ...style, quote })
  const block = kind === 'BLOCK_FOLDED' || kind === 'BLOCK_LITERAL' || ((isMap(node) || isSeq(node)) && node.flow !== true)
  if (!block) return [{ from: node.range[0], to: node.range[1], text: written }]
  const end = contentEnd(node)
  return [{ from: colon + 1, to: end, text: ` ${written}${text[end - 1] === '\n' ? lineBreak(text) : ''}` }]
}

/** Adds a key behind the last one of an entry. */
export function addPair(text: string, map: YAMLMap.Parsed, key: string, value: unknown, style: EntryStyle): Splice[] | undefined {
  const slots = slotsOf(map)
  const first = slots?.[0]
  const last = slots?.at(-1)
  if (first === undefined || last === undefined) return undefined
  const item = pairText(key, value, style)
  return map.flow === true ? appendFlow(text, last, item) : [insertLines(text, last.end, [indentTo(text, first.start) + item])]
}

/** Removes a key of an entry with its lines. */
export function removePair(text: string, map: YAMLMap.Parsed, key: string): Splice[] | undefined {
  const slots = slotsOf(map)
  const pair = pairOf(map, key)
  const index = pair === undefined ? -1 : (map.items as Pair[]).indexOf(pair)
  const slot = slots?.[index]
  if (slots === undefined || slot === undefined) return undefined
  if (map.flow === true) return removeFlow(text, slots, index)
  if (startsLine(text, slot.start)) return [removeLines(text, slot.start, slot.end)]
  // It stands behind the dash: the next key takes its place, unless a comment is in between.
  const next = slots[index + 1]
  if (next === undefined) return undefined
  if (blank(text, slot.end, next.start)) return [{ from: slot.start, to: next.start, text: '' }]
  const to = text[slot.end - 1] === '\n' ? slot.end - 1 : lineEnd(text, slot.end)
  return [{ from: slot.start, to, text: '' }]
}
