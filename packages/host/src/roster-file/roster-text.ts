/** The roster file as text: bytes read within bounds, and what makes them no text at all. */

import { isUtf8 } from 'node:buffer'
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { FleetError } from '@mosaic/domain/error'
import { MAX_ROSTER_BYTES } from './limits.ts'
import type { OffsetFault } from './roster-fault.ts'

export type TextRead = { text: string; mode: number; fault: OffsetFault | undefined }

/** O_NONBLOCK: opening a FIFO must not wait for a writer. A link is followed: operators keep rosters in repositories. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK

const tooLarge = (offset: number): OffsetFault => ({
  offset,
  path: [],
  expected: `at most ${MAX_ROSTER_BYTES / 1024} KiB`,
  found: 'a larger file',
  mend: 'split the fleet over several hosts or tenants',
})

function open(path: string): number {
  try {
    return openSync(path, FLAGS)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new FleetError('not_found', `there is no roster at ${path}`, { where: path, mend: 'mosaic fleet init --write' })
    }
    if (code === 'ENXIO') return -1
    throw new FleetError('not_done', `the roster at ${path} cannot be opened (${code ?? 'unknown reason'})`, {
      where: path,
      mend: 'make it a file that you can read',
    })
  }
}

function readUpTo(fd: number, most: number): Buffer {
  const buffer = Buffer.alloc(most)
  for (let length = 0; ; ) {
    const got = readSync(fd, buffer, length, most - length, length)
    length += got
    if (got === 0 || length === most) return buffer.subarray(0, length)
  }
}

/** Character offset of the first byte that is not UTF-8. */
function badByteOffset(bytes: Buffer): number {
  const text = bytes.toString('utf8')
  let done = 0
  let byte = 0
  for (let at = text.indexOf('\ufffd'); at !== -1; at = text.indexOf('\ufffd', at + 1)) {
    byte += Buffer.byteLength(text.slice(done, at))
    done = at
    // A replacement character that the file itself holds is three bytes of good UTF-8.
    if (bytes.toString('latin1', byte, byte + 3) !== '\u00ef\u00bf\u00bd') return at
  }
  return 0
}

/**
 * The file's text, or the fault that keeps it from being one.
 * @throws FleetError `not_found` when there is no file, `not_done` when it cannot be read
 */
export function readRosterFile(path: string): TextRead {
  const fd = open(path)
  const notAFile: OffsetFault = {
    offset: 0,
    path: [],
    expected: 'a regular file',
    mend: 'move away what is there, and mosaic fleet init --write makes one',
  }
  if (fd === -1) return { text: '', mode: 0, fault: notAFile }
  try {
    const stat = fstatSync(fd)
    const mode = stat.mode & 0o7777
    if (!stat.isFile()) return { text: '', mode, fault: notAFile }
    const bytes = readUpTo(fd, MAX_ROSTER_BYTES + 1)
    if (bytes.length > MAX_ROSTER_BYTES) return { text: '', mode, fault: tooLarge(0) }
    const text = bytes.toString('utf8')
    if (isUtf8(bytes)) return { text, mode, fault: undefined }
    return { text, mode, fault: { offset: badByteOffset(bytes), path: [], expected: 'UTF-8 text', mend: 'save the file as UTF-8' } }
  } catch (error) {
    throw new FleetError('not_done', `the roster at ${path} cannot be read`, {
      where: path,
      mend: 'look at its disk, or bring the roster back from a copy',
      cause: error,
    })
  } finally {
    closeSync(fd)
  }
}

const FORBIDDEN =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

/** What in `text` no YAML reader would take, or this one will not. */
export function textFault(text: string): OffsetFault | undefined {
  if (Buffer.byteLength(text) > MAX_ROSTER_BYTES) return tooLarge(0)
  if (text.startsWith('\ufeff')) {
    return { offset: 0, path: [], expected: 'UTF-8 without a byte order mark', mend: 'save the file as UTF-8 without BOM' }
  }
  const bad = FORBIDDEN.exec(text)
  if (bad === null) return undefined
  const code = bad[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
  return { offset: bad.index, path: [], expected: 'text', found: `the control character U+${code}`, mend: 'remove it' }
}
