/** Files that are either the old or the new, whole, whatever happens in between. */

import { randomBytes } from 'node:crypto'
import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Makes a directory entry itself durable. */
export function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Writes all of `data`, however the kernel cuts it. */
export function writeFully(fd: number, data: Buffer): void {
  for (let done = 0; done < data.length; ) done += writeSync(fd, data, done)
}

/** The target of a temporary file's name and the process that writes it; `undefined` for any other name. */
export function temporaryFile(path: string): { target: string; pid: number } | undefined {
  const [, target, pid] = /^(.+)\.(\d+)\.[0-9a-f]{8}\.tmp$/s.exec(path) ?? []
  return target === undefined ? undefined : { target, pid: Number(pid) }
}

/**
 * Write, sync, rename, sync. The temporary file stands beside the target and is removed when anything fails.
 * @param mode permission bits, default 0600
 */
export function atomicWrite(path: string, text: string, options: { mode?: number; durable?: boolean } = {}): void {
  const { mode = 0o600, durable = true } = options
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`
  const fd = openSync(temporary, 'wx', mode)
  try {
    try {
      fchmodSync(fd, mode)
      writeFully(fd, Buffer.from(text, 'utf8'))
      if (durable) fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  if (durable) syncDirectory(dirname(path))
}
