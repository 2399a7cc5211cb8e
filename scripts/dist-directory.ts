/** The files of `dist/`: how a finished build takes the place of the one before. */

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** How long the parts of a replaced build stay for programs that still run on it and import late. */
const SUPERSEDED_KEPT_MS = 24 * 60 * 60 * 1000
/** Parts of programs, by content: a name never changes its meaning. */
export const PARTS = 'parts'
/** Lists what the last build made; its time is that build's start. */
const STAMP = '.built'
/** Prefix of the directories in which builds are made. */
export const STAGING = '.staging-'

/** Files below `directory`, as paths from it; links are not followed. */
export function filesBelow(directory: string, prefix = ''): string[] {
  return readdirSync(join(directory, prefix), { withFileTypes: true }).flatMap((entry) => {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`
    if (entry.isDirectory()) return filesBelow(directory, path)
    return entry.isFile() ? [path] : []
  })
}

/** Parts first, then the rest: a program never stands without what it imports. */
function moveIntoPlace(staging: string, dist: string, files: readonly string[]): void {
  const isPart = (path: string) => path.startsWith(`${PARTS}/`)
  for (const path of [...files.filter(isPart), ...files.filter((path) => !isPart(path))]) {
    mkdirSync(dirname(join(dist, path)), { recursive: true })
    renameSync(join(staging, path), join(dist, path))
  }
}

/** Removes what earlier builds left, but the parts of a build only a day after it was replaced. */
function sweep(dist: string, files: readonly string[], nowMs: number): void {
  const current = new Set(files)
  const before = new Set(readStamp(dist))
  for (const path of filesBelow(dist)) {
    const file = join(dist, path)
    if (current.has(path)) continue
    if (path.startsWith('framework/')) rmSync(file)
    if (!path.startsWith(`${PARTS}/`)) continue
    if (before.has(path)) utimesSync(file, nowMs / 1000, nowMs / 1000)
    else if (statSync(file).mtimeMs < nowMs - SUPERSEDED_KEPT_MS) rmSync(file)
  }
}

/** What the last build made. */
function readStamp(dist: string): string[] {
  try {
    return readFileSync(join(dist, STAMP), 'utf8').split('\n').filter(Boolean)
  } catch {
    return []
  }
}

/** @param startMs what changed during the build is newer than this */
function writeStamp(staging: string, dist: string, files: readonly string[], startMs: number): void {
  const temporary = join(staging, STAMP)
  writeFileSync(temporary, `${files.join('\n')}\n`)
  // File times come from a clock that lags by some milliseconds.
  const seconds = Math.max(0, startMs - 10) / 1000
  utimesSync(temporary, seconds, seconds)
  renameSync(temporary, join(dist, STAMP))
}

/**
 * Puts everything below `staging` into `dist`, in whose lock the caller must be.
 * @param complete false: something is missing, so that `dist` counts as older than any source
 */
export function replaceDist(staging: string, dist: string, startMs: number, complete: boolean): void {
  const files = filesBelow(staging).sort()
  moveIntoPlace(staging, dist, files)
  sweep(dist, files, startMs)
  writeStamp(staging, dist, files, complete ? startMs : 0)
}

/** What builds that were killed left. Whoever holds the lock is the only one alive. */
export function sweepStaging(dist: string): void {
  for (const name of readdirSync(dist)) {
    if (name.startsWith(STAGING)) rmSync(join(dist, name), { recursive: true, force: true })
  }
}
