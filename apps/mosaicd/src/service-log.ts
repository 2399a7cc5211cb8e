/** What the service has to say: into its log file, which stays bounded, or to the terminal it was started from. */

import { appendFileSync, closeSync, constants, fstatSync, openSync, renameSync, statSync, writeSync } from 'node:fs'

const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW

/** True when what is written to `fd` ends up in this file. */
export function leadsTo(fd: number, file: string): boolean {
  try {
    const [there, here] = [fstatSync(fd), statSync(file)]
    return there.ino === here.ino && there.dev === here.dev
  } catch {
    return false
  }
}

export interface ServiceLogParts {
  file: string
  /** Where else it goes; `undefined`: into the file, opened for each line, so that a file that was moved away is left. */
  fd: number | undefined
  maxBytes: number
}

export class ServiceLog {
  readonly #parts: ServiceLogParts
  #rotates = false

  constructor(parts: ServiceLogParts) {
    this.#parts = parts
  }

  /** From now on this process may move the file away. Only one at a time may: two would overwrite each other's. */
  rotate(): void {
    this.#rotates = true
  }

  write(text: string): void {
    const line = `${new Date().toISOString()} ${text}\n`
    const { file, fd, maxBytes } = this.#parts
    try {
      if (fd !== undefined) {
        writeSync(fd, line)
        return
      }
      if (this.#rotates && (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > maxBytes) renameSync(file, `${file}.1`)
      const opened = openSync(file, APPEND, 0o600)
      try {
        appendFileSync(opened, line)
      } finally {
        closeSync(opened)
      }
    } catch {
      // A full disk takes the word, not the service.
    }
  }
}
