/** What a fleet's processes are and hold, as the kernel tells: by what stands in their environment or their command line. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { commandOf, environmentOf, isAlive, ownLine, processIds } from '@mosaic/testkit/processes'

export interface Trace {
  pid: number
  command: string
}

/** Every living process that was started in the world below `root`: its environment or its command names it, whatever it made of itself. */
export function processesOf(root: string): Trace[] {
  const own = ownLine()
  return processIds()
    .filter((pid) => !own.has(pid) && isAlive(pid))
    .filter((pid) => environmentOf(pid).some((entry) => entry.includes(root)) || commandOf(pid).includes(root))
    .map((pid) => ({ pid, command: commandOf(pid) }))
}

/** `MOSAIC_LAUNCH_ID` of processes. */
export const launchesOf = (traces: readonly Trace[]): Set<string> =>
  new Set(traces.flatMap(({ pid }) => environmentOf(pid).filter((entry) => entry.startsWith('MOSAIC_LAUNCH_ID='))))

/** Those that descend from a launch, also where they have left everything else behind. */
export function processesLaunchedAs(launches: ReadonlySet<string>): Trace[] {
  const found = processIds().filter((pid) => isAlive(pid) && environmentOf(pid).some((entry) => launches.has(entry)))
  return found.map((pid) => ({ pid, command: commandOf(pid) }))
}

/** Ports of this machine that somebody listens on, by the inode of the socket. */
function listening(): Map<string, number> {
  const ports = new Map<string, number>()
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(table, 'utf8').split('\n').slice(1)) {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
      if (state === '0A') ports.set(inode, Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16))
    }
  }
  return ports
}

function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [])
  } catch {
    // It ended meanwhile, or closed what was looked at.
    return []
  }
}

/** The listening sockets of processes, by inode: a port that another opens later is another socket. */
export function socketsListenedOn(traces: readonly Trace[]): Set<string> {
  const ports = listening()
  return new Set(traces.flatMap(({ pid }) => socketsOf(pid)).filter((inode) => ports.has(inode)))
}

/** Those that are still listened on. */
export const stillListening = (inodes: ReadonlySet<string>): string[] => [...listening().keys()].filter((inode) => inodes.has(inode))
