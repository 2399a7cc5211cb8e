/** Stopping the whole fleet, whatever of it runs. */

import { existsSync } from 'node:fs'
import type { AgentOutcome } from '@mosaic/domain/fleet-control'
import { recordFile } from '@mosaic/host/supervisor/embedded/record'
import type { Context } from '../context.ts'
import { onlyNamed, snapshotOf } from './open.ts'

/** It was killed: what it left is its own to end. */
export const TO_STOP = 'ending what a host service left that was killed'

export interface StopAnswer {
  agents: AgentOutcome[]
  /** The host service and the tmux holder: ended with the whole fleet, kept when only some agents stop. */
  service: 'ended' | 'kept' | 'not-running'
}

/** Without a host service: nothing to do, unless sessions outlived it; then `undefined`. */
export async function nothingRuns(context: Context, names: readonly string[]): Promise<StopAnswer | undefined> {
  const snapshot = onlyNamed(await snapshotOf(context), names)
  // The record goes with the last trace of a fleet; where it stands, something may still have to be removed.
  if (snapshot.agents.some(({ pane }) => pane !== 'none') || existsSync(recordFile(context.paths))) return undefined
  return { agents: snapshot.agents.map(({ name }) => ({ name, did: 'unchanged', detail: 'not running' })), service: 'not-running' }
}

export async function stopAll(context: Context): Promise<StopAnswer> {
  const client = await context.ensureService(TO_STOP)
  const { pid } = await client.status()
  context.progress.say('stopping the fleet')
  context.goesOnInBackground('the host service goes on stopping the fleet: mosaic fleet ps')
  const agents = await client.shutdown()
  await context.disconnect()
  const { serviceEnded } = await import('./await-end.ts')
  await serviceEnded(context.paths, pid)
  return { agents, service: 'ended' }
}
