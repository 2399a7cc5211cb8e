/** Which runtimes this machine has. */

import { defineFleet } from '@mosaic/domain/agent'
import { FleetError } from '@mosaic/domain/error'
import type { RuntimeId } from '@mosaic/domain/roster'
import { machineDefaults } from '@mosaic/host/paths'
import { runtimeAdapters } from '@mosaic/host/runtimes/registry'
import type { Context } from '../context.ts'

export type RuntimeFinding =
  | { id: RuntimeId; found: true; version: string; program: string }
  | { id: RuntimeId; found: false; problem: string; mend: string | undefined }

async function find(context: Context, id: RuntimeId): Promise<RuntimeFinding> {
  const adapter = runtimeAdapters(context.world.env['PATH'] ?? '').get(id)
  const [agent] = defineFleet({ version: 1, agents: [{ name: 'probe', runtime: id }] }, machineDefaults(context.world.env)).agents
  if (adapter === undefined || agent === undefined)
    return { id, found: false, problem: 'not supported by this version yet', mend: undefined }
  try {
    const { argv, version } = await adapter.locate(agent)
    return { id, found: true, version, program: argv.at(-1) ?? '' }
  } catch (error) {
    if (error instanceof FleetError) return { id, found: false, problem: error.message, mend: error.mend }
    throw error
  }
}

/** Every runtime that this version knows, found or not. */
export const findRuntimes = (context: Context): Promise<RuntimeFinding[]> =>
  Promise.all([...runtimeAdapters(context.world.env['PATH'] ?? '').keys()].map((id) => find(context, id)))

/** @throws FleetError `missing` with the command that installs it */
export async function requireRuntime(context: Context, id: RuntimeId): Promise<void> {
  const finding = await find(context, id)
  if (finding.found) return
  throw new FleetError('missing', `the runtime ${id} cannot be used: ${finding.problem}`, {
    reason: 'runtime',
    mend: finding.mend ?? 'use another one, e.g. --runtime stub',
  })
}
