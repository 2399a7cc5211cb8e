/** Ending a fleet's host service in the ways that an operator does not. */

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { eventuallyDead, killNine } from '@mosaic/testkit/faults'
import { until } from '@mosaic/testkit/until'
import type { FleetUnderTest } from '../fleet-under-test.ts'

/** Its process; one that was killed may be just about to be brought back. */
const runningService = (fleet: FleetUnderTest): Promise<number> =>
  until(() => fleet.servicePid().catch(() => undefined), { what: 'a host service that listens' })

/** Ends it in order: agents go on, and nobody brings it back. */
export async function endService(fleet: FleetUnderTest): Promise<void> {
  const pid = await runningService(fleet)
  process.kill(pid, 'SIGTERM')
  await eventuallyDead(pid)
}

/** Puts one in its place that kills itself at a named point; its process. */
export async function armService(fleet: FleetUnderTest, fault: string): Promise<number> {
  await endService(fleet)
  rmSync(join(fleet.paths.run, 'revivals.json'), { force: true })
  await fleet.ok(['fleet', 'start'], { env: { MOSAIC_FAULT: fault } })
  return fleet.servicePid()
}

/** SIGKILL for the one that runs, once there is one. */
export async function killService(fleet: FleetUnderTest): Promise<void> {
  const pid = await runningService(fleet)
  // A storm of kills is not to meet the bound on revivals, which has a test of its own.
  rmSync(join(fleet.paths.run, 'revivals.json'), { force: true })
  killNine(pid)
}
