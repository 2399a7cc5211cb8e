/** A text of YAML that is to be one mapping, as the files of an operator are. */

import { shownValue } from '@mosaic/domain/roster-check'
import { isMap } from 'yaml'
import type { OffsetFault } from './roster-fault.ts'
import { textFault } from './roster-text.ts'
import { placeOf, treeValue } from './tree-value.ts'
import { readYamlTree, type YamlTree } from './yaml-tree.ts'

export type MappingReading = { ok: true; tree: YamlTree; value: unknown } | { ok: false; faults: OffsetFault[] }

/**
 * The mapping in `text`, or what is wrong with it. Never throws.
 * @param emptyMend what makes a good one where there is nothing
 */
export function readMapping(text: string, emptyMend?: string): MappingReading {
  const unreadable = textFault(text)
  if (unreadable !== undefined) return { ok: false, faults: [unreadable] }
  const yaml = readYamlTree(text)
  if (!yaml.ok) return yaml
  const { tree } = yaml
  const { value, faults } = treeValue(tree)
  if (faults.length > 0) return { ok: false, faults }
  if (isMap(tree.root)) return { ok: true, tree, value }
  const isEmpty = value === null
  const fault = {
    offset: placeOf(tree, [], 'value').offset,
    path: [],
    expected: 'a mapping that starts with version: 1',
    found: isEmpty ? 'an empty file' : shownValue(value),
  }
  return { ok: false, faults: [isEmpty && emptyMend !== undefined ? { ...fault, mend: emptyMend } : fault] }
}
