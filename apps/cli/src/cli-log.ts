/** The log of what should not have happened: for whoever mends this program, never for a terminal. */

import { closeSync, mkdirSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { inspect } from 'node:util'
import { openLogFile } from '@mosaic/host/files/log-file'

/** Appends one record. The words of the command are kept, what they carry (a message, a value) is not. */
export function appendLog(file: string, error: unknown, argv: readonly string[]): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const fd = openLogFile(file)
  try {
    const words = argv.filter((word) => /^-{0,2}[a-z][a-z-]*$/.test(word)).slice(0, 3)
    writeSync(fd, `${new Date().toISOString()} mosaic ${words.join(' ')}\n${inspect(error, { depth: 4 })}\n`)
  } finally {
    closeSync(fd)
  }
}
