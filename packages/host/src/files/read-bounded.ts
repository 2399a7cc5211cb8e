/** Reading files that somebody else may have planted: no link followed, nothing but a regular file, never more than a bound. */

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

export type BoundedRead = { text: string; mtimeMs: number } | { problem: 'absent' | 'not-a-file' | 'too-large' | 'unreadable' }

/** O_NONBLOCK: opening a FIFO must not wait for a writer. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** The whole of a small regular file as UTF-8 text. Never throws. */
export function readBounded(path: string, maxBytes: number): BoundedRead {
  let fd: number
  try {
    fd = openSync(path, FLAGS)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return { problem: 'absent' }
    return { problem: code === 'ELOOP' || code === 'ENXIO' || code === 'EISDIR' ? 'not-a-file' : 'unreadable' }
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) return { problem: 'not-a-file' }
    if (stat.size > maxBytes) return { problem: 'too-large' }
    const buffer = Buffer.alloc(maxBytes + 1)
    let length = 0
    for (;;) {
      const got = readSync(fd, buffer, length, buffer.length - length, length)
      length += got
      if (got === 0 || length === buffer.length) break
    }
    return length > maxBytes ? { problem: 'too-large' } : { text: buffer.toString('utf8', 0, length), mtimeMs: stat.mtimeMs }
  } catch {
    return { problem: 'unreadable' }
  } finally {
    closeSync(fd)
  }
}
