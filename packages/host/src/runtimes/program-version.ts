/** Versions of the programs that adapters run. */

import { statSync } from 'node:fs'

/** True when the version in this text is before `oldest`; a text that holds none is let pass. */
export function isOlder(version: string, oldest: readonly number[]): boolean {
  const parts = /(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number)
  if (parts === undefined) return false
  const differing = oldest.findIndex((part, index) => parts[index] !== part)
  return differing !== -1 && (parts[differing] ?? 0) < (oldest[differing] ?? 0)
}

/** Asks each program for its version once per file and its time, so that an update is seen. */
export function rememberedVersions(
  ask: (argv: readonly string[]) => Promise<string>,
): (argv: readonly string[], file: string) => Promise<string> {
  const versions = new Map<string, Promise<string>>()
  return (argv, file) => {
    const stat = statSync(file, { throwIfNoEntry: false })
    const key = JSON.stringify([argv, stat?.mtimeMs, stat?.ino])
    const known = versions.get(key)
    if (known !== undefined) return known
    const version = ask(argv)
    versions.set(key, version)
    version.catch(() => versions.delete(key))
    return version
  }
}
