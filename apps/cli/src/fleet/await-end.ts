/** Waiting for the host service to be really gone. */

import { FleetError } from '@mosaic/domain/error'
import type { MosaicPaths } from '@mosaic/host/paths'
import { isRunning } from '@mosaic/host/processes'
import { connectService } from '@mosaic/host/service/client'

/** Longest that a service may take to end after it answered, milliseconds. */
const END_WITHIN_MS = 15_000
const LOOK_EVERY_MS = 20

/** Resolves when process `pid` has ended and nobody listens any more. @throws FleetError `not_done` */
export async function serviceEnded(paths: MosaicPaths, pid: number): Promise<void> {
  const end = performance.now() + END_WITHIN_MS
  while (performance.now() < end) {
    if (!isRunning(pid)) {
      const other = await connectService(paths)
      if (other === undefined) return
      // Somebody started it again in between; that one is not ours to end.
      await other[Symbol.asyncDispose]()
      return
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
  throw new FleetError('not_done', `the host service (process ${pid}) was told to end and still runs`, {
    mend: `look into its log in ${paths.log}, then: kill ${pid}`,
    reason: 'service_runs',
  })
}
