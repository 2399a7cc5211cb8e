/** Where the built programs are. Source and bundle find the same place. */

import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

export const PROGRAM_NAMES = ['mosaic', 'mosaicd', 'stub-runtime', 'launch', 'pi-extension'] as const
export type ProgramName = (typeof PROGRAM_NAMES)[number]

function findDist(): string {
  // A bundle is in `dist` or in a directory below it, source is in a package of the workspace.
  for (let directory = import.meta.dirname; dirname(directory) !== directory; directory = dirname(directory)) {
    if (basename(directory) === 'dist') return directory
    if (existsSync(join(directory, 'pnpm-workspace.yaml'))) return join(directory, 'dist')
  }
  return import.meta.dirname
}

/** Directory of the bundles, absolute. */
export const distDirectory: string = findDist()

/** Absolute path of one bundle. */
export const programPath = (name: ProgramName): string => join(distDirectory, `${name}.mjs`)

/** Directory with the `mosaic` command alone, for the PATH of panes. */
export const commandDirectory: string = join(distDirectory, 'bin')
