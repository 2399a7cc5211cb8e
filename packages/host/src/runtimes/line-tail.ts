/** Reads a growing file of lines: what is in it, then each line as it is written. */

import { closeSync, constants, type FSWatcher, fstatSync, openSync, readSync, watch } from 'node:fs'

/** Of a long conversation only this much of its end is read, bytes: what is older was heard long ago. */
const MAX_BEHIND_BYTES = 16 * 1024 * 1024
const CHUNK_BYTES = 256 * 1024
/** A longer line holds a file or an image that a tool read, and no word of the runtime's own. */
const MAX_LINE_BYTES = 8 * 1024 * 1024
/** While somebody expects something: how often a file that is not there yet is looked for, milliseconds ... */
const FIRST_LOOK_MS = 25
/** ... and one that is there is looked at, where change events are lost. */
const LOOK_MS = 1000
const NEWLINE = 0x0a

export class LineTail implements Disposable {
  readonly path: string
  readonly #line: (line: string) => void
  readonly #enter: (look: () => void) => void
  #fd: number | undefined
  #watcher: FSWatcher | undefined
  #timer: NodeJS.Timeout | undefined
  #expecting = false
  #offset = 0
  /** Where the first line begins that was not handed over. */
  #lineStart = 0
  /** The beginning of a line whose end is not written yet. */
  #rest: Buffer[] = []
  #restBytes = 0
  /** True in a line that is not taken: cut off at its beginning, or too long. */
  #skips = false
  #reading = false

  /**
   * The file may not be there yet.
   * @param enter runs the looks that nobody called for: what `line` throws in them has no caller
   */
  constructor(path: string, line: (line: string) => void, enter: (look: () => void) => void = (look) => look()) {
    this.path = path
    this.#line = line
    this.#enter = enter
  }

  /** Reads what was written since the last time. A line that threw is handed over again by the next look. */
  read(): void {
    const fd = this.#fd ?? this.#open()
    if (fd === undefined || this.#reading) return
    this.#reading = true
    try {
      this.#readOn(fd)
    } finally {
      this.#reading = false
    }
  }

  /** While something is expected it is looked at now and then, whatever the events say. */
  expect(something: boolean): void {
    if (this.#expecting === something) return
    this.#expecting = something
    clearTimeout(this.#timer)
    if (something) this.#lookLater()
  }

  [Symbol.dispose](): void {
    this.expect(false)
    this.#watcher?.close()
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  #readOn(fd: number): void {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
    while (this.#fd === fd) {
      const size = readSync(fd, buffer, 0, CHUNK_BYTES, this.#offset)
      if (size === 0) return
      const at = this.#offset
      this.#offset += size
      this.#take(buffer.subarray(0, size), at)
    }
  }

  #lookLater(): void {
    const look = () => {
      this.#lookLater()
      this.#enter(() => this.read())
    }
    this.#timer = setTimeout(look, this.#fd === undefined ? FIRST_LOOK_MS : LOOK_MS).unref()
  }

  #open(): number | undefined {
    try {
      const fd = openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
      this.#fd = fd
      const { size } = fstatSync(fd)
      if (size > MAX_BEHIND_BYTES) {
        this.#offset = size - MAX_BEHIND_BYTES
        this.#lineStart = this.#offset
        this.#skips = true
      }
      this.#watcher = watch(this.path, () => this.#enter(() => this.read()))
      this.#watcher.on('error', () => this.#watcher?.close())
      this.#watcher.unref()
      return fd
    } catch {
      return this.#fd
    }
  }

  /** @param at where in the file these bytes are */
  #take(bytes: Buffer, at: number): void {
    let from = 0
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, from)) {
      this.#keep(bytes.subarray(from, end))
      from = end + 1
      const line = this.#skips ? undefined : Buffer.concat(this.#rest).toString('utf8')
      this.#forget(false)
      if (line !== undefined) this.#hand(line)
      this.#lineStart = at + from
    }
    this.#keep(bytes.subarray(from))
  }

  #hand(line: string): void {
    try {
      this.#line(line)
    } catch (error) {
      this.#offset = this.#lineStart
      throw error
    }
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

/** Reads a file that is not written any more. */
export function readThrough(path: string, line: (line: string) => void): void {
  using tail = new LineTail(path, line)
  tail.read()
}
