/** What Linux tells about processes: who is alive, with which environment, using how much of a processor. */

import { readdirSync, readFileSync } from 'node:fs'

export interface ProcessFacts {
  pid: number
  parent: number
  /** `Z` is dead already: only its exit status is left. */
  state: string
  /** Clock ticks of processor time used so far, user and system. */
  ticks: number
}

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}

/** `undefined` when there is no such process. */
export function processFacts(pid: number): ProcessFacts | undefined {
  const stat = read(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // The command's name stands in parentheses and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { pid, state: fields[0] ?? '?', parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }
}

/** True while it runs or could run; a zombie is dead. */
export function isAlive(pid: number): boolean {
  const state = processFacts(pid)?.state
  return state !== undefined && state !== 'Z' && state !== 'X'
}

/** `NAME=value` entries that the process was started with; empty when they cannot be read. */
export const environmentOf = (pid: number): string[] => (read(`/proc/${pid}/environ`) ?? '').split('\0').filter((entry) => entry !== '')

export const commandOf = (pid: number): string => (read(`/proc/${pid}/cmdline`) ?? '').split('\0').join(' ').trim()

export const processIds = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)

/** This process and those that it descends from. */
export function ownLine(): Set<number> {
  const line = new Set<number>()
  for (let pid = process.pid; pid > 0 && !line.has(pid); pid = processFacts(pid)?.parent ?? 0) line.add(pid)
  return line
}

/** Living processes whose environment holds one of `entries` exactly; never this process or one it descends from. */
export function processesWith(entries: readonly string[]): number[] {
  const own = ownLine()
  return processIds().filter((pid) => !own.has(pid) && isAlive(pid) && environmentOf(pid).some((entry) => entries.includes(entry)))
}
