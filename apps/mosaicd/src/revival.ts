/**
 * A service that tmux brought back has the tmux server's environment. What the fleet uses of its predecessor's is kept in
 * a file of its own (0600), and a service that dies again and again is left dead.
 */

import { closeSync, constants, openSync } from 'node:fs'
import { join } from 'node:path'
import { atomicWrite, writeFully } from '@mosaic/host/files/atomic-write'
import { readBounded } from '@mosaic/host/files/read-bounded'
import { makeRoom } from '@mosaic/host/files/remove'
import type { MosaicPaths } from '@mosaic/host/paths'
import { INHERITABLE } from '@mosaic/host/runtimes/registry'
import { TMUX_INHERITED } from '@mosaic/host/tmux/tmux'

export const REVIVED_VARIABLE = 'MOSAIC_REVIVED'
/** Never carried over: it asks for this process's death. */
const FAULT_VARIABLE = 'MOSAIC_FAULT'

const MAX_REVIVALS = 10
const WINDOW_MS = 60_000
/** Holds the times of all revivals that may be. */
const REVIVALS_BYTES = 256
const MAX_BYTES = 4 * 1024 * 1024

type Environment = Readonly<Record<string, string | undefined>>

export const environmentFile = (paths: MosaicPaths): string => join(paths.run, 'service-env.json')
export const revivalsFile = (paths: MosaicPaths): string => join(paths.run, 'revivals.json')

function readJson(path: string): unknown {
  const read = readBounded(path, MAX_BYTES)
  if ('problem' in read) return undefined
  try {
    return JSON.parse(read.text)
  } catch {
    return undefined
  }
}

/** This process's environment, or that of the service it replaces. */
export function inheritedEnvironment(paths: MosaicPaths, env: Environment): Environment {
  if (env[REVIVED_VARIABLE] !== '1') return env
  const kept = readJson(environmentFile(paths))
  if (typeof kept !== 'object' || kept === null || Array.isArray(kept)) return env
  return Object.fromEntries(Object.entries(kept).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}

/** Only what the service, tmux or some launch uses: the operator's other variables are nobody's business and may be secrets. */
const isUsed = (name: string): boolean =>
  name !== FAULT_VARIABLE &&
  name !== REVIVED_VARIABLE &&
  (INHERITABLE.has(name) || TMUX_INHERITED.includes(name) || name.startsWith('MOSAIC_'))

/** @param more names that the roster passes on */
export function keepEnvironment(paths: MosaicPaths, env: Environment, more: readonly string[] = []): void {
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => isUsed(name) || more.includes(name)))
  makeRoom(environmentFile(paths))
  atomicWrite(environmentFile(paths), JSON.stringify(kept), { durable: false })
}

/** In place and of one size, so that revivals are counted on a full disk too: one after the other without a bound would be worse. */
function noteRevivals(paths: MosaicPaths, timesMs: readonly number[]): void {
  makeRoom(revivalsFile(paths))
  const fd = openSync(revivalsFile(paths), constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK, 0o600)
  try {
    writeFully(fd, Buffer.from(JSON.stringify(timesMs).padEnd(REVIVALS_BYTES)))
  } finally {
    closeSync(fd)
  }
}

/** Makes room for the count while there is some. */
export function prepareRevivals(paths: MosaicPaths): void {
  if (readJson(revivalsFile(paths)) === undefined) noteRevivals(paths, [])
}

/** Notes a revival; false when there were too many of late and this one must not go on. */
export function mayRevive(paths: MosaicPaths, nowMs: number): boolean {
  const kept = readJson(revivalsFile(paths))
  const recent = (Array.isArray(kept) ? kept : []).filter((at): at is number => typeof at === 'number' && Math.abs(nowMs - at) < WINDOW_MS)
  if (recent.length >= MAX_REVIVALS) return false
  noteRevivals(paths, [...recent, nowMs])
  return true
}
