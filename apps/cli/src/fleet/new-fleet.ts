/** The roster of a new fleet: planned, shown, written. */

import { copyFileSync, existsSync, statSync } from 'node:fs'
import { FleetError } from '@mosaic/domain/error'
import { type Profile, seatsOf } from '@mosaic/domain/profile'
import type { RuntimeId } from '@mosaic/domain/roster'
import { atomicWrite } from '@mosaic/host/files/atomic-write'
import { FileLock } from '@mosaic/host/files/lock'
import { makeDirectories } from '@mosaic/host/files/tenant-directories'
import { resolvePaths } from '@mosaic/host/paths'
import { isolationSocketName, newRosterText } from '@mosaic/host/roster-file/new-roster'
import { loadProfile } from '@mosaic/host/roster-file/profiles'
import type { Context } from '../context.ts'
import { rosterStands } from './open.ts'

export const DEFAULT_PROFILE = 'general'
/** Needs no account and no model, so it runs on any machine. */
export const DEFAULT_RUNTIME: RuntimeId = 'stub'

/** How long a write waits for edits of the roster, milliseconds. */
const LOCK_WITHIN_MS = 30_000

export interface FleetPlan {
  profile: Profile
  runtime: RuntimeId
  /** The roster file. */
  path: string
  text: string
  agents: string[]
  /** null: tmux's default socket. */
  socketName: string | null
}

export interface PlanChoice {
  profile?: string | undefined
  runtime?: string | undefined
  /** Sessions beside the operator's own. */
  sharedSocket?: boolean | undefined
}

/** @throws FleetError `not_found` for an unknown profile */
export function planFleet(context: Context, choice: PlanChoice): FleetPlan {
  const profile = loadProfile(choice.profile ?? DEFAULT_PROFILE)
  const runtime = (choice.runtime ?? DEFAULT_RUNTIME) as RuntimeId
  const { paths } = context
  const socketName = choice.sharedSocket === true ? undefined : isolationSocketName(paths.home, resolvePaths({ env: {} }).home)
  const text = newRosterText({ profile, runtime, socketName })
  return { profile, runtime, path: paths.roster, text, agents: seatsOf(profile).map(({ name }) => name), socketName: socketName ?? null }
}

/** `roster.yaml.20261126T131502Z.bak`, and numbered when that second has one already. */
function backupName(path: string, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '')
  for (let count = 0; ; count += 1) {
    const name = `${path}.${stamp}${count === 0 ? '' : `-${count}`}.bak`
    if (!existsSync(name)) return name
  }
}

/**
 * Whether a roster stands there that a new one would replace; asked before anything else is.
 * @throws FleetError `refused` when a fleet runs by it, or it is no file
 */
export async function willReplace(context: Context): Promise<boolean> {
  const { paths } = context
  const stands = rosterStands(paths.roster)
  if ((await context.service()) === undefined) return stands
  throw new FleetError('refused', stands ? 'the fleet of the present roster runs' : 'a fleet runs, and its roster is gone', {
    where: paths.roster,
    mend: stands
      ? 'mosaic fleet stop, then try again'
      : 'put the roster back (a backup or version control), or end that fleet first: mosaic fleet stop',
    reason: 'fleet_runs',
  })
}

/**
 * Writes the planned roster.
 * @returns path of the backup of the one that was there, or null
 * @throws FleetError `refused` when there is one and `force` is not given, or when a fleet runs by it
 */
export async function writeFleet(context: Context, plan: FleetPlan, force: boolean): Promise<string | null> {
  const { paths } = context
  makeDirectories(paths)
  using _lock = await FileLock.acquire(paths.rosterLock, LOCK_WITHIN_MS, 'the roster')
  if (rosterStands(plan.path) && !force) {
    throw new FleetError('refused', 'there is a roster already, and it is kept', {
      where: plan.path,
      mend: 'change it with mosaic fleet add, edit and remove; or replace it with --force, which keeps a backup',
      reason: 'roster_exists',
    })
  }
  if (!(await willReplace(context))) {
    atomicWrite(plan.path, plan.text)
    return null
  }
  const backup = backupName(plan.path, Date.now())
  copyFileSync(plan.path, backup)
  atomicWrite(plan.path, plan.text, { mode: statSync(plan.path).mode & 0o777 })
  return backup
}
