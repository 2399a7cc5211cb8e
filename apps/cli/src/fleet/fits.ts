/** Whether the roster that is there is what `fleet up` was asked for. It is the operator's, so it is never changed on the side. */

import { defineFleet } from '@mosaic/domain/agent'
import { FleetError } from '@mosaic/domain/error'
import { seatsOf } from '@mosaic/domain/profile'
import type { Roster } from '@mosaic/domain/roster'
import { machineDefaults } from '@mosaic/host/paths'
import { loadProfile } from '@mosaic/host/roster-file/profiles'
import type { Context } from '../context.ts'

interface Asked {
  profile?: string
  runtime?: string
}

/** @throws FleetError `refused` when the roster is another fleet */
export function checkFits(context: Context, roster: Roster, asked: Asked): void {
  const { agents } = defineFleet(roster, machineDefaults(context.world.env))
  const replace = `mosaic fleet stop && mosaic fleet init${asked.profile === undefined ? '' : ` --profile ${asked.profile}`}${
    asked.runtime === undefined ? '' : ` --runtime ${asked.runtime}`
  } --write --force && mosaic fleet up`
  const other = asked.runtime === undefined ? [] : agents.filter(({ runtime }) => runtime !== asked.runtime)
  if (other.length > 0) {
    const [first] = other
    throw new FleetError('refused', `the roster that is there runs ${first?.name} on ${first?.runtime}, not ${asked.runtime}`, {
      where: context.paths.roster,
      mend: [
        `as it is: mosaic fleet up`,
        `one agent on ${asked.runtime}: mosaic fleet edit ${first?.name} --runtime ${asked.runtime}`,
        `another roster, a backup is kept: ${replace}`,
      ].join('\n'),
      reason: 'other_fleet',
    })
  }
  if (asked.profile === undefined) return
  const missing = seatsOf(loadProfile(asked.profile)).filter((seat) => !agents.some(({ name }) => name === seat.name))
  if (missing.length === 0) return
  throw new FleetError(
    'refused',
    `the roster that is there is no ${asked.profile} fleet: it has no ${missing.map(({ name }) => name).join(', ')}`,
    {
      where: context.paths.roster,
      mend: [`as it is: mosaic fleet up`, `another roster, a backup is kept: ${replace}`].join('\n'),
      reason: 'other_fleet',
    },
  )
}
