/** A YAML tree as a plain value, and where in the text a path of that value stands. */

import { toSnake } from '@mosaic/domain/roster'
import { type Alias, isAlias, isMap, isScalar, isSeq, type Pair, type ParsedNode } from 'yaml'
import { MAX_ROSTER_DEPTH, MAX_ROSTER_NODES } from './limits.ts'
import type { OffsetFault } from './roster-fault.ts'
import type { YamlTree } from './yaml-tree.ts'

type Path = (string | number)[]

export const keyOf = (pair: Pair): string => (isScalar(pair.key) ? String(pair.key.value) : '')
export const startOf = (node: unknown): number => (node as ParsedNode | null)?.range?.[0] ?? 0

class ValueReader {
  readonly faults: OffsetFault[] = []
  readonly #aliases: ReadonlyMap<Alias, ParsedNode>
  /** The alias met last: the one to blame when there are too many. */
  #newest: Alias | undefined
  #nodes = 0

  constructor(aliases: ReadonlyMap<Alias, ParsedNode>) {
    this.#aliases = aliases
  }

  #fault(node: unknown, path: Path, expected: string, found?: string): void {
    this.faults.push({ offset: startOf(node), path, expected, ...(found === undefined ? {} : { found }) })
  }

  /** The value of `node`; objects have no prototype. */
  read(node: unknown, path: Path, depth: number): unknown {
    this.#nodes += 1
    if (depth > MAX_ROSTER_DEPTH || this.#nodes > MAX_ROSTER_NODES) {
      // Only aliases get here: the text itself is within bounds. One fault ends it.
      if (this.faults.length === 0) this.#fault(this.#newest ?? node, [], 'fewer aliases of aliases')
      return undefined
    }
    if (isAlias(node)) {
      this.#newest = node
      return this.read(this.#aliases.get(node), path, depth + 1)
    }
    if (isSeq(node)) return node.items.map((item, index) => this.read(item, [...path, index], depth + 1))
    if (isMap(node)) return this.#map(node.items, path, depth)
    return isScalar(node) ? node.value : null
  }

  #map(pairs: Pair[], path: Path, depth: number): Record<string, unknown> {
    const out: Record<string, unknown> = Object.create(null)
    for (const pair of pairs) {
      const key = keyOf(pair)
      const at = [...path, key]
      if (Object.hasOwn(out, key)) this.#fault(pair.key, at, 'each key once', 'a second one')
      else if (key === '__proto__') this.#fault(pair.key, at, 'another key')
      else out[key] = this.read(pair.value, at, depth + 1)
    }
    return out
  }
}

/** The value of the whole tree, or the faults that keep it from having one. */
export function treeValue(tree: YamlTree): { value: unknown; faults: OffsetFault[] } {
  const reader = new ValueReader(tree.aliases)
  const value = reader.read(tree.root, [], 0)
  return { value, faults: reader.faults }
}

/** The pair of `key` in a mapping, in either spelling; the exact one first. */
export function pairOf(node: unknown, key: string): Pair | undefined {
  if (!isMap(node)) return undefined
  return node.items.find((pair) => keyOf(pair) === key) ?? node.items.find((pair) => toSnake(keyOf(pair)) === key)
}

export interface Place {
  offset: number
  /** The path as the file spells it. */
  path: Path
}

/**
 * Where the path stands: its value, or its key for `at: 'key'` and for a value that is empty. What is missing is
 * placed at what it is missing from.
 */
export function placeOf(tree: YamlTree, path: Path, at: 'key' | 'value'): Place {
  const resolve = (node: unknown): unknown => (isAlias(node) ? tree.aliases.get(node) : node)
  let node: unknown = tree.root
  let offset = startOf(node)
  const spelled: Path = []
  for (const [index, step] of path.entries()) {
    const parent = resolve(node)
    if (typeof step === 'number') {
      node = isSeq(parent) ? parent.items[step] : undefined
      spelled.push(step)
    } else {
      const pair = pairOf(parent, step)
      spelled.push(pair === undefined ? step : keyOf(pair))
      node = pair?.value
      if (pair !== undefined) offset = startOf(pair.key)
      if (at === 'key' && index === path.length - 1) break
    }
    if (node === undefined || node === null) return { offset, path: [...spelled, ...path.slice(index + 1)] }
    const empty = isScalar(node) && node.range?.[0] === node.range?.[1]
    if (!empty) offset = startOf(node)
  }
  return { offset, path: spelled }
}
