/** Where the host service listens. */

import { lstatSync } from 'node:fs'
import { FleetError } from '@mosaic/domain/error'
import type { MosaicPaths } from '../paths.ts'

/** @throws FleetError `refused` when a directory has the name of the socket: what is in it is nobody's to remove but the operator's */
export function assertSocketPlace({ serviceSocket }: MosaicPaths): void {
  if (lstatSync(serviceSocket, { throwIfNoEntry: false })?.isDirectory() !== true) return
  throw new FleetError('refused', `the host service cannot listen: ${serviceSocket} is a directory`, {
    where: serviceSocket,
    reason: 'socket',
    mend: `move it away: mv ${serviceSocket} ${serviceSocket}.bad`,
  })
}
