/** Programs on this machine: whether a file can be run, and which one a PATH gives. */

import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** The executable of that name on a PATH, of whose places only absolute ones count. A name with a `/` is a path of its own. */
export function onPath(name: string, path: string | undefined): string | undefined {
  if (name.includes('/')) return isExecutable(name) ? name : undefined
  const places = (path ?? '').split(delimiter).filter((place) => isAbsolute(place))
  return places.map((directory) => join(directory, name)).find(isExecutable)
}
