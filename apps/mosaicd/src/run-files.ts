/** What the service leaves when it ends. */

import { readdirSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
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
 */
export function removeServiceFiles(paths: MosaicPaths, options: { all: boolean }): void {
  rmSync(paths.serviceSocket, { force: true })
  if (!options.all) return
  const files = [environmentFile(paths), revivalsFile(paths), join(paths.run, 'supervisor.json'), join(paths.run, 'roster.last-good.json')]
  for (const file of files) rmSync(file, { force: true })
  for (const directory of runDirectories(paths)) removeEmpty(directory)
}
