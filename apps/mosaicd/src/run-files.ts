/** What the service leaves when it ends. */

import { readdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { removeEach } from '@mosaic/host/files/remove'
import { runDirectories } from '@mosaic/host/files/tenant-directories'
import type { MosaicPaths } from '@mosaic/host/paths'
import { environmentFile, revivalsFile } from './revival.ts'

/** Removes a directory if nothing is in it. */
function removeEmpty(directory: string): void {
  try {
    if (readdirSync(directory).length === 0) rmdirSync(directory)
  } catch {
    // Not there, or in use again.
  }
}

/**
 * The socket always; with `all` (the fleet was stopped) every file that only a running fleet needs. The pause switch is
 * the operator's and stays. Only files of known names are touched: the directory may be shared.
 * @throws FleetError `not_done` when one could not be removed, after all others were
 */
export function removeServiceFiles(paths: MosaicPaths, options: { all: boolean }): void {
  const { run, serviceSocket } = paths
  const ofTheFleet = [environmentFile(paths), revivalsFile(paths), join(run, 'supervisor.json'), join(run, 'roster.last-good.json')]
  try {
    removeEach([serviceSocket, ...(options.all ? ofTheFleet : [])])
  } finally {
    if (options.all) for (const directory of runDirectories(paths)) removeEmpty(directory)
  }
}
