/** What stands below a directory, for comparing before and after. */

import { type Dirent, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join, relative } from 'node:path'

const contentOf = (entry: Dirent): string => {
  const path = join(entry.parentPath, entry.name)
  if (entry.isSymbolicLink()) return `-> ${readlinkSync(path)}`
  return entry.isFile() ? readFileSync(path, 'latin1') : '(neither file nor directory)'
}

/** Every file below a directory by its path from there, with its content byte for byte. */
export function filesBelow(directory: string, except: (path: string) => boolean = () => false): Record<string, string> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory())
  const named = entries.map((entry) => [relative(directory, join(entry.parentPath, entry.name)), entry] as const)
  return Object.fromEntries(named.filter(([path]) => !except(path)).map(([path, entry]) => [path, contentOf(entry)]))
}
