/** What the roster asks for and this version does nothing with, in one line. */

import { notInForce } from '@mosaic/domain/not-in-force'
import type { Roster } from '@mosaic/domain/roster'
import { machineDefaults } from '@mosaic/host/paths'
import type { Context } from '../context.ts'

export function notInForceLine(context: Context, roster: Roster): string | undefined {
  const asked = notInForce(roster, machineDefaults(context.world.env).host)
  return asked.length === 0 ? undefined : `The roster asks for what is not in force in this version: ${asked.join(', ')}`
}
