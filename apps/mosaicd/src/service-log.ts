/** What the service has to say: into its log file, which stays bounded, or to the terminal it was started from. */

import { appendFileSync, closeSync, fstatSync, statSync, writeSync } from 'node:fs'
import { openLogFile, rotateLogFile } from '@mosaic/host/files/log-file'

const STDERR = 2

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
  /** Told once why the file takes no words, until it does again; its own stderr unless something else is said. */
  onUnusable?: (text: string) => void
}

function toStderr(text: string): void {
  try {
    writeSync(STDERR, `${text}\n`)
  } catch {
    // Nobody is left to tell.
  }
}

export class ServiceLog {
  readonly #parts: ServiceLogParts
  #rotates = false
  #unusable = false

  constructor(parts: ServiceLogParts) {
    this.#parts = parts
  }

  /** From now on this process may move the file away. Only one at a time may: two would overwrite each other's. */
  rotate(): void {
    this.#rotates = true
  }

  /** A full disk, or a log that is none, takes the word and not the service. */
  write(text: string): void {
    const line = `${new Date().toISOString()} ${text}\n`
    const { file, fd, maxBytes, onUnusable = toStderr } = this.#parts
    try {
      if (fd !== undefined) {
        writeSync(fd, line)
        return
      }
      if (this.#rotates) rotateLogFile(file, maxBytes)
      append(file, line)
      this.#unusable = false
    } catch (error) {
      if (!this.#unusable) onUnusable((error as Error).message)
      this.#unusable = true
    }
  }
}

function append(file: string, line: string): void {
  const fd = openLogFile(file)
  try {
    appendFileSync(fd, line)
  } finally {
    closeSync(fd)
  }
}
