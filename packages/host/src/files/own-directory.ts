/** Whether what lies in a directory can be believed, where others may have put one of that name. */

import { lstatSync, statSync } from 'node:fs'

/**
 * True for a directory of this user.
 * @param options.followLinks false where others can make entries beside it, as in /tmp: their link could be turned later
 */
export function isOwnDirectory(path: string, options: { followLinks: boolean }): boolean {
  const stat = (options.followLinks ? statSync : lstatSync)(path, { throwIfNoEntry: false })
  return stat?.isDirectory() === true && (process.getuid === undefined || stat.uid === process.getuid())
}
