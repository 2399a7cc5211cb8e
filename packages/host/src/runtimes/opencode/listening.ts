/** Where a process listens, as the kernel tells it: no port is chosen beforehand, so none can be taken in between. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** State of a listening socket in /proc/net/tcp. */
const LISTEN = '0A'
const LOOPBACK = '0100007F'

/** Inodes of the sockets that a process holds; empty when it is gone or is not ours to see. */
function socketsOf(pid: number): Set<string> {
  const inodes = new Set<string>()
  const directory = `/proc/${pid}/fd`
  try {
    for (const fd of readdirSync(directory)) {
      try {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`${directory}/${fd}`))?.[1]
        if (inode !== undefined) inodes.add(inode)
      } catch {
        // Closed meanwhile.
      }
    }
  } catch {
    // Gone.
  }
  return inodes
}

/** Port and inode of a line of /proc/net/tcp that tells of a listener on 127.0.0.1. */
export function listenerIn(line: string): { port: number; inode: string } | undefined {
  const fields = line.trim().split(/\s+/)
  const [address, port] = (fields[1] ?? '').split(':')
  const inode = fields[9]
  if (fields[3] !== LISTEN || address !== LOOPBACK || port === undefined || inode === undefined) return undefined
  return { port: Number.parseInt(port, 16), inode }
}

/** Ports of 127.0.0.1 on which this very process listens. */
export function listeningPorts(pid: number): number[] {
  const mine = socketsOf(pid)
  if (mine.size === 0) return []
  let table: string
  try {
    table = readFileSync('/proc/net/tcp', 'latin1')
  } catch {
    return []
  }
  const listeners = table.split('\n').map(listenerIn)
  return listeners.flatMap((listener) => (listener !== undefined && mine.has(listener.inode) ? [listener.port] : []))
}

/** A variable of the environment that a process was started with. */
export function variableOf(pid: number, name: string): string | undefined {
  try {
    const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
    return entries.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1)
  } catch {
    return undefined
  }
}
