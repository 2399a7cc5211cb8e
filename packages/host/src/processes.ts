/** Processes of this machine, read from /proc in this process: no child is spawned to look at one. */

import { readdirSync, readFileSync } from 'node:fs'

const read = (path: string): string | undefined => {
  try {
    // Of all encodings Node reads this one without a buffer of 64 KiB per file.
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** argv of a process; `undefined` when it is gone or is not ours to see. */
export function argvOf(pid: number): string[] | undefined {
  const text = read(`/proc/${pid}/cmdline`)
  if (text === undefined || text === '') return undefined
  return text.replace(/\0$/, '').split('\0')
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

/** Direct children, whichever of its threads started them. */
export function childrenOf(pid: number): number[] {
  const lists = threadsOf(pid).map((thread) => read(`/proc/${pid}/task/${thread}/children`) ?? '')
  return lists.join(' ').split(/\s+/).filter(Boolean).map(Number)
}

/** The process and its descendants, at most `limit`. */
export function treeOf(pid: number, limit = 256): number[] {
  const found = [pid]
  for (let index = 0; index < found.length && found.length < limit; index += 1) found.push(...childrenOf(found[index] ?? 0))
  return found.slice(0, limit)
}

/** Start time in clock ticks since boot: with the pid it names one process for good. */
export function startTicksOf(pid: number): string | undefined {
  const text = read(`/proc/${pid}/stat`)
  // The command name may hold anything, so count from its closing parenthesis.
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19]
}

/** `Z` for a zombie, `T` stopped, `S` sleeping ...; `undefined` when it is gone. */
export function stateOf(pid: number): string | undefined {
  const text = read(`/proc/${pid}/stat`)
  return text?.slice(text.lastIndexOf(')') + 2, text.lastIndexOf(')') + 3)
}

/** `zombie`: it ended and its parent has not been told yet. */
export type ProcessState = 'running' | 'zombie' | 'gone'

/** Whether a process runs; where there is no /proc, a zombie counts as running. */
export function processState(pid: number): ProcessState {
  const state = stateOf(pid)
  if (state === undefined) return answersSignals(pid) ? 'running' : 'gone'
  return state === 'Z' || state === 'X' ? 'zombie' : 'running'
}

export const isRunning = (pid: number): boolean => processState(pid) === 'running'

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** False for a process whose terminal was taken from it: what is in that pane now is not this process. */
export function hasTerminal(pid: number): boolean {
  const text = read(`/proc/${pid}/stat`)
  return text !== undefined && text.slice(text.lastIndexOf(')') + 2).split(' ')[4] !== '0'
}

/** Every process of this user whose environment holds exactly `entry` (`NAME=value`), this process excepted. */
export function processesWith(entry: string): number[] {
  const needle = `\0${entry}\0`
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && `\0${read(`/proc/${pid}/environ`) ?? ''}\0`.includes(needle) && isRunning(pid))
}

/** Sends a signal to a process that may be gone. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // gone already
  }
}
