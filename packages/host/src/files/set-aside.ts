/** What is broken is moved out of the way under a name that tells so: never deleted, and never used again by itself. */

import { lstatSync, readdirSync, renameSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { FleetError } from '@mosaic/domain/error'
import { syncDirectory } from './atomic-write.ts'
import { fileError } from './file-error.ts'

const MARK = '.bad-'

const exists = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined

/** `20260102T150405Z`, which sorts, and is a word in every shell. */
const stampOf = (atMs: number): string => new Date(atMs).toISOString().replace(/[-:]|\.\d+/g, '')

function freeName(file: string, atMs: number): string {
  const first = `${file}${MARK}${stampOf(atMs)}`
  for (let count = 1, name = first; ; count += 1, name = `${first}.${count}`) if (!exists(name)) return name
}

/**
 * Renames a file to `<file>.bad-<time>`, and what stands beside it with one of the suffixes likewise. The file itself goes
 * last, so that whoever is interrupted finds it again.
 * @returns its new name
 * @throws FleetError `not_done` when it cannot be renamed
 */
export function setAside(file: string, atMs: number, suffixes: readonly string[] = []): string {
  const name = freeName(file, atMs)
  try {
    for (const suffix of [...suffixes, '']) if (exists(`${file}${suffix}`)) renameSync(`${file}${suffix}`, `${name}${suffix}`)
    syncDirectory(dirname(file))
  } catch (error) {
    throw new FleetError(
      'not_done',
      `${file} is broken and cannot be set aside: ${fileError(error)?.message ?? (error as Error).message}`,
      {
        where: file,
        reason: 'system',
        mend: `move it away: mv ${file} ${name}`,
        cause: error,
      },
    )
  }
  return name
}

/** The files that were set aside for this one and are still there, oldest first, companions left out. */
export function foundSetAside(file: string): string[] {
  const start = `${basename(file)}${MARK}`
  try {
    return readdirSync(dirname(file))
      .filter((name) => name.startsWith(start) && /^\d{8}T\d{6}Z(\.\d+)?$/.test(name.slice(start.length)))
      .sort()
      .map((name) => join(dirname(file), name))
  } catch {
    return []
  }
}
