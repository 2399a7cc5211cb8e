/** Which runtimes this machine has. */

import type { AccountRuntime } from '@mosaic/domain/account'
import { defineFleet } from '@mosaic/domain/agent'
import { FleetError } from '@mosaic/domain/error'
import { loginMend } from '@mosaic/domain/login'
import type { RuntimeProgram } from '@mosaic/domain/ports/runtime'
import type { RuntimeId } from '@mosaic/domain/roster'
import { loginState } from '@mosaic/host/accounts/login-state'
import { machineDefaults } from '@mosaic/host/paths'
import { runtimeAdapters } from '@mosaic/host/runtimes/registry'
import type { Context } from '../context.ts'

export type RuntimeFinding =
  | { id: RuntimeId; found: true; version: string; program: string }
  | { id: RuntimeId; found: false; problem: string; mend: string | undefined }

/** @throws FleetError `missing` with the command that installs it, or when this version does not know it */
export async function locateRuntime(context: Context, id: RuntimeId): Promise<RuntimeProgram> {
  const adapter = runtimeAdapters(context.world.env).get(id)
  const [agent] = defineFleet({ version: 1, agents: [{ name: 'probe', runtime: id }] }, machineDefaults(context.world.env)).agents
  if (adapter === undefined || agent === undefined) throw new FleetError('missing', 'not supported by this version yet')
  return adapter.locate(agent)
}

async function find(context: Context, id: RuntimeId): Promise<RuntimeFinding> {
  try {
    const { argv, version } = await locateRuntime(context, id)
    return { id, found: true, version, program: argv.at(-1) ?? '' }
  } catch (error) {
    if (error instanceof FleetError) return { id, found: false, problem: error.message, mend: error.mend }
    throw error
  }
}

/** Every runtime that this version knows, found or not. */
export const findRuntimes = (context: Context): Promise<RuntimeFinding[]> =>
  Promise.all([...runtimeAdapters(context.world.env).keys()].map((id) => find(context, id)))

/** @throws FleetError `missing` with the command that installs it */
export async function requireRuntime(context: Context, id: RuntimeId): Promise<void> {
  const finding = await find(context, id)
  if (finding.found) return
  throw new FleetError('missing', `the runtime ${id} cannot be used: ${finding.problem}`, {
    reason: 'runtime',
    mend: finding.mend ?? 'use another one, e.g. --runtime stub',
  })
}

/** Runtimes of which a login is all that their files could hold; others may reach models without one. */
const NEEDS_LOGIN: ReadonlySet<string> = new Set(['claude', 'codex'] satisfies AccountRuntime[])

/** Why a runtime's own home is of no use to an agent; `undefined` where it is, or where that cannot be known. */
export function loginProblem(context: Context, id: RuntimeId): { problem: string; mend: string } | undefined {
  if (!NEEDS_LOGIN.has(id)) return undefined
  const { state, detail } = loginState(id as AccountRuntime, context.world.env)
  return state === 'logged-out' ? { problem: `it is logged out: ${detail}`, mend: loginMend(id, null) } : undefined
}

/** @throws FleetError `missing` with the command that logs in */
export function requireLogin(context: Context, id: RuntimeId): void {
  const found = loginProblem(context, id)
  if (found === undefined) return
  throw new FleetError('missing', `the runtime ${id} cannot be used: ${found.problem}`, { reason: 'login', mend: found.mend })
}
