/** Files that grow by whole lines, written by one process, and that survive its death at any byte. */

import { closeSync, constants, fdatasyncSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { FleetError } from '@mosaic/domain/error'
import { syncDirectory, writeFully } from '../files/atomic-write.ts'

/** No link is followed, and a FIFO put in the file's place is opened without waiting, then refused. Read access: to see a torn end. */
const FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK

const NEWLINE = 0x0a

interface OpenFile {
  fd: number
  inode: number
  device: number
}

function openRegular(path: string): OpenFile & { size: number } {
  const fd = openSync(path, FLAGS, 0o600)
  const stat = fstatSync(fd)
  if (stat.isFile()) return { fd, inode: stat.ino, device: stat.dev, size: stat.size }
  closeSync(fd)
  throw new FleetError('refused', `${path} is not a regular file`, { mend: 'remove it' })
}

/** True when the last line of the file is cut off. */
export function endsInsideLine(fd: number, size: number): boolean {
  const last = Buffer.alloc(1)
  return size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== NEWLINE
}

/**
 * One writer's append-only file of lines. A line is never glued to the torn end that a killed predecessor left, and the
 * file is opened anew when somebody removed or replaced it.
 */
export class AppendFile implements Disposable {
  readonly path: string
  readonly #rotateAtBytes: number
  #file: OpenFile | undefined
  #size = 0
  #torn = false

  /**
   * @param rotateAtBytes above this size the file is moved to `<path>.1`, over the one before, and a new one begun
   * @throws FleetError `refused` when something else than a regular file stands there
   */
  constructor(path: string, rotateAtBytes: number = Number.POSITIVE_INFINITY) {
    this.path = path
    this.#rotateAtBytes = rotateAtBytes
    this.#open()
  }

  /** Bytes of the file as last seen. */
  get size(): number {
    return this.#size
  }

  /** Appends one line; with `durable` it is on the disk before this returns. */
  append(line: string, durable: boolean): void {
    if (this.#isGone()) this.#reopen()
    else if (this.#size >= this.#rotateAtBytes) this.#rotate()
    const { fd } = this.#file ?? this.#open()
    const data = Buffer.from(this.#torn ? `\n${line}\n` : `${line}\n`, 'utf8')
    this.#torn = true
    writeFully(fd, data)
    this.#torn = false
    this.#size += data.length
    if (durable) fdatasyncSync(fd)
  }

  [Symbol.dispose](): void {
    if (this.#file === undefined) return
    closeSync(this.#file.fd)
    this.#file = undefined
  }

  #open(): OpenFile {
    const { size, ...file } = openRegular(this.path)
    this.#file = file
    this.#size = size
    this.#torn = endsInsideLine(file.fd, size)
    if (size === 0) syncDirectory(dirname(this.path))
    return file
  }

  #isGone(): boolean {
    const stat = statSync(this.path, { throwIfNoEntry: false })
    return stat === undefined || stat.ino !== this.#file?.inode || stat.dev !== this.#file.device
  }

  #reopen(): void {
    this[Symbol.dispose]()
    this.#open()
  }

  #rotate(): void {
    renameSync(this.path, `${this.path}.1`)
    this.#reopen()
  }
}
