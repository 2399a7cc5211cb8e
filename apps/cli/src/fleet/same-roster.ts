/** Whether the running fleet goes by the roster that was named: with two, what is read would not be what is changed. */

import { realpathSync } from 'node:fs'
import { FleetError } from '@mosaic/domain/error'
import type { MosaicPaths } from '@mosaic/host/paths'
import type { ServiceClient } from '@mosaic/host/service/client'
import { mosaicAt, shellWord } from '../output/complete-commands.ts'

/** A host service that says nothing for so long is told of by the question that follows, milliseconds. */
const ANSWER_WITHIN_MS = 2_000

function real(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** The roster of the running service when it is another file than `paths.roster`. */
export async function otherRosterOf(client: ServiceClient, paths: MosaicPaths): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ANSWER_WITHIN_MS)
  })
  const status = await Promise.race([client.status().catch(() => undefined), silence])
  clearTimeout(timer)
  // A service of an older version does not say.
  const roster = status?.roster
  return roster === undefined || roster === paths.roster || real(roster) === real(paths.roster) ? undefined : roster
}

export function otherRoster(other: string, paths: MosaicPaths, home: string | undefined): FleetError {
  return new FleetError('refused', `the fleet that runs goes by another roster: ${other}`, {
    where: paths.roster,
    mend: `go by its roster, with --roster ${shellWord(other)}; or end that fleet first: ${mosaicAt({ home, roster: other })} fleet stop`,
    reason: 'other_roster',
  })
}
