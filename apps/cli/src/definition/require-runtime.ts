/** An agent that is about to start must have its runtime on this machine; better said before the roster has changed. */

import type { AgentEntry, RuntimeId } from '@mosaic/domain/roster'
import type { Context } from '../context.ts'
import { readRoster } from '../fleet/open.ts'

interface Launched {
  runtime?: RuntimeId | undefined
  command?: AgentEntry['command'] | undefined
  host?: string | undefined
}

/**
 * @param entry as it will stand in the roster
 * @throws FleetError `missing` with the command that installs it; a command of the roster's own is judged by its launch
 */
export async function requireItsRuntime(context: Context, entry: Launched): Promise<void> {
  const roster = await readRoster(context)
  const runtime = entry.runtime ?? roster.defaults?.runtime
  if (runtime === undefined || entry.command !== undefined || roster.runtimes?.[runtime]?.command !== undefined) return
  // Another host has its own.
  if (entry.host !== undefined) return
  const { requireRuntime } = await import('../fleet/runtimes-found.ts')
  await requireRuntime(context, runtime)
}
