/** The roster file read, checked, and every fault placed in it. */

import type { Roster, RosterIssue } from '@mosaic/domain/roster'
import { checkRoster, shownValue } from '@mosaic/domain/roster-check'
import { readMapping } from './mapping-text.ts'
import { type OffsetFault, placeFaults, type RosterFault } from './roster-fault.ts'
import { readRosterFile } from './roster-text.ts'
import { placeOf } from './tree-value.ts'
import type { YamlTree } from './yaml-tree.ts'

export { type RosterFault, rosterError } from './roster-fault.ts'

export type RosterReading = { ok: true; roster: Roster } | { ok: false; faults: RosterFault[] }

export function placeIssue(tree: YamlTree, issue: RosterIssue): OffsetFault {
  const { at, ...rest } = issue
  const place = placeOf(tree, issue.path, at ?? 'value')
  const key = place.path.at(-1)
  return { ...rest, ...place, ...(at === 'key' && typeof key === 'string' ? { found: shownValue(key) } : {}) }
}

/** What else must hold of a roster that is good in itself. May throw what keeps it from being judged. */
export type RosterRule = (roster: Roster) => readonly RosterIssue[]

function read(text: string, rule: RosterRule): { ok: true; roster: Roster } | { ok: false; faults: OffsetFault[] } {
  const reading = readMapping(text, 'mosaic fleet init --write')
  if (!reading.ok) return reading
  const { tree, value } = reading
  const check = checkRoster(value)
  const issues = check.ok ? rule(check.roster) : check.issues
  return check.ok && issues.length === 0 ? check : { ok: false, faults: issues.map((issue) => placeIssue(tree, issue)) }
}

const noRule: RosterRule = () => []

/** The roster in `text`, or what is wrong with it. Never throws by itself; bounded in time for any text. */
export function readRosterText(text: string, fileName: string, rule: RosterRule = noRule): RosterReading {
  const reading = read(text, rule)
  return reading.ok ? reading : { ok: false, faults: placeFaults(text, fileName, reading.faults) }
}

/**
 * The roster at `path`; a symbolic link is followed, anything but a regular file is a fault.
 * @throws FleetError `not_found` when there is none, `not_done` when it cannot be read
 */
export function loadRoster(path: string, rule: RosterRule = noRule): RosterReading {
  const { text, fault } = readRosterFile(path)
  return fault === undefined ? readRosterText(text, path, rule) : { ok: false, faults: placeFaults(text, path, [fault]) }
}
