/** Undoing what a fleet did to this machine: planned, then done. */

import { existsSync, lstatSync, rmSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import type { AgentDefinition } from '@mosaic/domain/agent'
import { FleetError } from '@mosaic/domain/error'
import { type Addition, additions, removeAddition } from '@mosaic/host/additions'
import { fileError } from '@mosaic/host/files/file-error'
import { machineDefaults } from '@mosaic/host/paths'
import type { Context } from '../context.ts'
import { readDefinition, rosterStands } from './open.ts'
import { nothingRuns, stopAll } from './stop-fleet.ts'

export interface UninstallPlan {
  additions: Addition[]
  /** What stays, each with what it is. */
  kept: { path: string; what: string }[]
}

/** Homes of agents that a faulty roster names are not known; those of the accounts and the operator's own are. */
async function agentsOf(context: Context): Promise<readonly AgentDefinition[]> {
  try {
    return rosterStands(context.paths.roster) ? (await readDefinition(context)).agents : []
  } catch (error) {
    if (error instanceof FleetError) return []
    throw error
  }
}

export async function planUninstall(context: Context): Promise<UninstallPlan> {
  const { paths, world } = context
  const kept = [
    { path: paths.roster, what: 'the roster' },
    { path: paths.accountsFile, what: 'which accounts there are' },
    { path: paths.accounts, what: 'homes of accounts, with their logins' },
    { path: paths.state, what: 'which conversations agents go on with; the runtimes keep those in their own homes' },
    { path: paths.spool, what: 'messages and receipts' },
    { path: paths.auditFile, what: 'the audit log' },
  ].filter(({ path }) => existsSync(path))
  return { additions: additions(paths, await agentsOf(context), world.env), kept }
}

/** @throws FleetError `refused` for a home that holds more than a fleet, or is none */
export function assertPurgeable(context: Context): void {
  const { home, fleet } = context.paths
  const { homeDirectory } = machineDefaults(context.world.env)
  const refused = (what: string) =>
    new FleetError('refused', `${home} is not removed: ${what}`, { where: home, reason: 'purge', mend: 'remove by hand what is to go' })
  const within = relative(home, homeDirectory)
  if (within === '' || !within.startsWith('..') || dirname(home) === home) throw refused('your home directory is in it')
  if (!existsSync(home)) throw refused('it does not exist')
  if (lstatSync(home).isSymbolicLink()) throw refused('it is a link')
  if (!existsSync(fleet)) throw refused('no fleet was ever in it')
}

export interface UninstallAnswer extends UninstallPlan {
  did: 'planned' | 'uninstalled' | 'purged'
  home: string
  service: 'ended' | 'kept' | 'not-running'
  /** Additions that could not be taken back. */
  left: Addition[]
}

async function stop(context: Context): Promise<UninstallAnswer['service']> {
  if (!rosterStands(context.paths.roster) && (await context.service()) === undefined) return 'not-running'
  const idle = (await context.service()) === undefined ? await nothingRuns(context, []) : undefined
  return (idle ?? (await stopAll(context))).service
}

/** Stops first: what runs would write again. */
export async function uninstall(context: Context, plan: UninstallPlan, purge: boolean): Promise<UninstallAnswer> {
  const service = await stop(context)
  const left = plan.additions.filter((addition) => !removeAddition(addition))
  const { home } = context.paths
  if (purge) {
    try {
      rmSync(home, { recursive: true })
    } catch (error) {
      throw fileError(error) ?? error
    }
  }
  return { ...plan, did: purge ? 'purged' : 'uninstalled', home, service, left, kept: purge ? [] : plan.kept }
}
