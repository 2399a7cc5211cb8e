/** Reads a growing file of lines: what is in it, then each line as it is written. */

import { closeSync, constants, type FSWatcher, fstatSync, openSync, readSync, watch } from 'node:fs'

/** Of a long conversation only this much of its end is read, bytes: what is older was heard long ago. */
const MAX_BEHIND_BYTES = 16 * 1024 * 1024
const CHUNK_BYTES = 256 * 1024
/** A longer line holds a file or an image that a tool read, and no word of the runtime's own. */
const MAX_LINE_BYTES = 8 * 1024 * 1024
const NEWLINE = 0x0a

export class TranscriptTail implements Disposable {
  readonly path: string
  readonly #line: (line: string) => void
  #fd: number | undefined
  #watcher: FSWatcher | undefined
  #offset = 0
  /** The beginning of a line whose end is not written yet. */
  #rest: Buffer[] = []
  #restBytes = 0
  /** True in a line that is not taken: cut off at its beginning, or too long. */
  #skips = false

  constructor(path: string, line: (line: string) => void) {
    this.path = path
    this.#line = line
  }

  /** Reads what was written since the last time. The file may not be there yet. */
  read(): void {
    const fd = this.#fd ?? this.#open()
    if (fd === undefined) return
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
    for (;;) {
      const size = readSync(fd, buffer, 0, CHUNK_BYTES, this.#offset)
      if (size === 0) return
      this.#offset += size
      this.#take(buffer.subarray(0, size))
    }
  }

  [Symbol.dispose](): void {
    this.#watcher?.close()
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  #open(): number | undefined {
    try {
      const fd = openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
      this.#fd = fd
      const { size } = fstatSync(fd)
      if (size > MAX_BEHIND_BYTES) {
        this.#offset = size - MAX_BEHIND_BYTES
        this.#skips = true
      }
      this.#watcher = watch(this.path, () => this.read())
      this.#watcher.on('error', () => this.#watcher?.close())
      this.#watcher.unref()
      return fd
    } catch {
      return this.#fd
    }
  }

  #take(bytes: Buffer): void {
    let from = 0
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, from)) {
      this.#keep(bytes.subarray(from, end))
      from = end + 1
      const line = this.#skips ? undefined : Buffer.concat(this.#rest).toString('utf8')
      this.#forget(false)
      if (line !== undefined) this.#line(line)
    }
    this.#keep(bytes.subarray(from))
  }

  #keep(bytes: Buffer): void {
    if (this.#skips || bytes.length === 0) return
    this.#restBytes += bytes.length
    if (this.#restBytes > MAX_LINE_BYTES) this.#forget(true)
    // The chunk's memory is used again.
    else this.#rest.push(Buffer.from(bytes))
  }

  #forget(skips: boolean): void {
    this.#rest = []
    this.#restBytes = 0
    this.#skips = skips
  }
}
