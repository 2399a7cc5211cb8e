/** What the operating system says about a file, in words an operator can act on. */

import { FleetError } from '@mosaic/domain/error'

const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a part of the path is not a directory',
  ELOOP: 'it is a symbolic link, which is not followed here',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files on this machine',
  EISDIR: 'a directory is in its place',
  ENOTEMPTY: 'a directory with something in it is in its place',
  EEXIST: 'something else is in its place',
  ENXIO: 'it is not a regular file',
  EBUSY: 'it is in use by the system',
}

const isFull = (code: string | undefined): boolean => code === 'ENOSPC' || code === 'EDQUOT'

/** An error that says what the system refused is the operator's to mend and no bug of ours; `undefined` for any other. */
export function fileError(error: unknown): FleetError | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, path: from, dest } = error as NodeJS.ErrnoException & { dest?: string }
  // Of a file that is put in place, the place is what has to be mended.
  const path = dest ?? from
  const words = code === undefined ? undefined : WORDS[code]
  if (words === undefined || (path === undefined && !isFull(code))) return undefined
  return new FleetError('not_done', words, {
    mend: isFull(code) ? 'free some space, then try again' : 'mend the file, its directory or their permissions',
    reason: isFull(code) ? 'disk-full' : 'system',
    cause: error,
    ...(path === undefined ? {} : { where: path }),
  })
}
