/** The heartbeat file of a runtime, written by the runtime itself: whoever can run this timer answers. */

import { closeSync, constants, fstatSync, ftruncateSync, openSync, renameSync } from 'node:fs'
import { formatHeartbeat, type Heartbeat } from '@mosaic/domain/heartbeat'
import { writeFully } from '../files/atomic-write.ts'

/** One name, so that a killed writer leaves at most one file beside the heartbeat, and the next one uses it up. */
const temporaryOf = (path: string): string => `${path}.tmp`
const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Replaces the file whole. Not synced: after a power failure an old heartbeat has nothing to say. */
function replaceFile(path: string, text: string): void {
  const fd = openSync(temporaryOf(path), FLAGS, 0o600)
  try {
    if (!fstatSync(fd).isFile()) throw new Error(`${temporaryOf(path)} is not a regular file`)
    ftruncateSync(fd)
    writeFully(fd, Buffer.from(text, 'utf8'))
  } finally {
    closeSync(fd)
  }
  renameSync(temporaryOf(path), path)
}

/** Writes a beat. Never throws: a heartbeat that cannot be written turns stale, which is the truth. */
export function writeHeartbeat(file: string, beat: Heartbeat): void {
  try {
    replaceFile(file, formatHeartbeat(beat))
  } catch {
    // Readers judge by the file's age.
  }
}

export interface HeartbeatWriterOptions {
  file: string
  intervalMs: number
  /** What is true at the moment of the beat. */
  read(): Omit<Heartbeat, 'tsMs' | 'pid' | 'source' | 'intervalMs'>
}

export class HeartbeatWriter implements Disposable {
  readonly #options: HeartbeatWriterOptions
  readonly #timer: NodeJS.Timeout

  /** Beats at once, and then each interval; does not keep the process alive. */
  constructor(options: HeartbeatWriterOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.beat(), options.intervalMs)
    this.#timer.unref()
    this.beat()
  }

  /** Writes now, e.g. because the status changed. Never throws. */
  beat(): void {
    const { file, intervalMs, read } = this.#options
    writeHeartbeat(file, { ...read(), tsMs: Date.now(), pid: process.pid, source: 'runtime', intervalMs })
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
