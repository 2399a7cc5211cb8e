/** Ending processes: asked first, then told, and whatever a runtime leaves behind with it. */

import { isRunning, processesWith, signalProcess, startTicksOf, treeOf } from '../../processes.ts'

/** A pid alone may be another process by the time it is used; with its start time it is this one. */
export interface ProcessName {
  pid: number
  /** Clock ticks since boot, as in /proc. */
  startTicks: string
}

const pause = (delayMs: number) => new Promise<void>((resolve) => setTimeout(resolve, delayMs))

/** True while it is this very process that runs. */
export const isSame = (name: ProcessName): boolean => startTicksOf(name.pid) === name.startTicks && isRunning(name.pid)

function named(pids: readonly number[]): ProcessName[] {
  return pids.flatMap((pid) => {
    const startTicks = startTicksOf(pid)
    return startTicks === undefined ? [] : [{ pid, startTicks }]
  })
}

/** Waits until none of them runs; false after `withinMs`. */
async function allGone(names: readonly ProcessName[], withinMs: number): Promise<boolean> {
  for (const end = performance.now() + withinMs; names.some(isSame); await pause(10)) {
    if (performance.now() > end) return false
  }
  return true
}

function tell(names: readonly ProcessName[], signal: NodeJS.Signals): void {
  for (const name of names) if (isSame(name)) signalProcess(name.pid, signal)
}

/**
 * The process and its descendants as of now. This process and its own are no part of it, although an agent that ran
 * `mosaic fleet up` may be their ancestor as long as that command runs.
 */
export function familyOf(parent: ProcessName): ProcessName[] {
  if (!isSame(parent)) return []
  const family = treeOf(parent.pid)
  if (!family.includes(process.pid)) return named(family)
  const own = new Set(treeOf(process.pid))
  return named(family.filter((pid) => !own.has(pid)))
}

/** SIGTERM, then waits; false when it still runs after `withinMs`. */
export async function askToEnd(name: ProcessName, withinMs: number): Promise<boolean> {
  tell([name], 'SIGTERM')
  return allGone([name], withinMs)
}

/**
 * Ends whatever still runs of one incarnation: children that outlived their runtime, daemons it left, a runaway that
 * ignores SIGTERM. Found as `family`, and by the launch id that every process of it inherited.
 * @returns how many had to be killed
 */
export async function sweep(launchId: string, family: readonly ProcessName[]): Promise<number> {
  const find = () => {
    const found = [...family.filter(isSame), ...named(processesWith(`MOSAIC_LAUNCH_ID=${launchId}`))]
    return [...new Map(found.map((name) => [name.pid, name])).values()]
  }
  const first = find()
  if (first.length === 0) return 0
  tell(first, 'SIGTERM')
  await allGone(first, 500)
  let killed = 0
  // More than once: a process may fork while it is being looked for.
  for (let round = 0; round < 5; round += 1) {
    const left = find()
    if (left.length === 0) break
    tell(left, 'SIGKILL')
    killed += left.length
    await allGone(left, 1_000)
  }
  return killed
}
