/** What is wrong in a roster file, where, and the one error that tells it. */

import { displaySafe } from '@mosaic/domain/display'
import { FleetError } from '@mosaic/domain/error'
import type { RosterIssue } from '@mosaic/domain/roster'
import { MAX_ROSTER_FAULTS } from './limits.ts'
import { TextPositions } from './text-position.ts'

export interface RosterFault {
  file: string
  /** From 1. */
  line: number
  /** From 1. */
  column: number
  /** The key as the file spells it, e.g. `agents[2].name`; empty for the file itself. */
  path: string
  /** What is there, short; absent when something is missing. */
  found?: string
  expected: string
  mend?: string
}

/** A fault at an offset of the text. */
export interface OffsetFault extends Omit<RosterIssue, 'at'> {
  offset: number
}

const MAX_LISTED = 10

const safe = (text: string, most: number): string => displaySafe(text.length > most ? `${text.slice(0, most - 1).toWellFormed()}…` : text)

/** `agents[2].name`; a key that is no plain word stands in quotes. */
export function pathText(path: readonly (string | number)[]): string {
  let out = ''
  for (const step of path) {
    if (typeof step === 'number') out += `[${step}]`
    else if (/^[A-Za-z_][A-Za-z0-9_-]*$/.test(step)) out += out === '' ? step : `.${step}`
    else out += `[${JSON.stringify(step.slice(0, 64))}]`
  }
  return out
}

/** Faults in the order of the file, at most `MAX_ROSTER_FAULTS`. */
export function placeFaults(text: string, file: string, faults: readonly OffsetFault[]): RosterFault[] {
  const positions = new TextPositions(text)
  const ordered = [...faults].sort((a, b) => a.offset - b.offset).slice(0, MAX_ROSTER_FAULTS)
  return ordered.map(({ offset, path, found, expected, mend }) => ({
    file,
    ...positions.at(offset),
    path: pathText(path),
    ...(found === undefined ? {} : { found }),
    expected,
    ...(mend === undefined ? {} : { mend }),
  }))
}

function faultLine(fault: RosterFault): string {
  const key = fault.path === '' ? '' : ` ${safe(fault.path, 160)}:`
  const found = fault.found === undefined ? '' : `, found ${safe(fault.found, 100)}`
  const mend = fault.mend === undefined ? '' : `; ${safe(fault.mend, 160)}`
  return `${safe(fault.file, 240)}:${fault.line}:${fault.column}:${key} expected ${safe(fault.expected, 400)}${found}${mend}`
}

/**
 * The faults as one error, a line for each of the first ten.
 * @param what the file's noun, which is the error's reason too
 */
export function rosterError(faults: readonly RosterFault[], what: 'roster' | 'accounts' = 'roster'): FleetError {
  const lines = faults.slice(0, MAX_LISTED).map(faultLine)
  if (faults.length > MAX_LISTED) lines.push(`and ${faults.length - MAX_LISTED} more`)
  const first = faults[0]
  return new FleetError('invalid', lines.join('\n'), {
    reason: what,
    mend: `correct the ${what}, then try again`,
    ...(first === undefined ? {} : { where: `${safe(first.file, 240)}:${first.line}:${first.column}` }),
  })
}
