/** Reads a growing rollout file: what is in it, then each line as it is written. */

import { closeSync, constants, type FSWatcher, fstatSync, openSync, readSync, watch } from 'node:fs'

/** Of a long conversation only this much of its end is read, bytes: what is older was heard long ago. */
const MAX_BEHIND_BYTES = 16 * 1024 * 1024
const CHUNK_BYTES = 256 * 1024
/** While somebody expects something: how often a file that is not there yet is looked for, milliseconds ... */
const FIRST_LOOK_MS = 25
/** ... and one that is there is looked at, where change events are lost. */
const LOOK_MS = 1000
const NEWLINE = 0x0a

export class RolloutTail implements Disposable {
  readonly path: string
  readonly #line: (line: string) => void
  #fd: number | undefined
  #watcher: FSWatcher | undefined
  #offset = 0
  #rest = Buffer.alloc(0)
  #timer: NodeJS.Timeout | undefined
  #expecting = false

  /** The file may not be there yet. */
  constructor(path: string, line: (line: string) => void) {
    this.path = path
    this.#line = line
  }

  /** Reads what was written since the last time. */
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

  #lookLater(): void {
    this.#timer = setTimeout(
      () => {
        this.read()
        this.#lookLater()
      },
      this.#fd === undefined ? FIRST_LOOK_MS : LOOK_MS,
    ).unref()
  }

  #open(): number | undefined {
    try {
      const fd = openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK)
      this.#fd = fd
      const { size } = fstatSync(fd)
      if (size > MAX_BEHIND_BYTES) {
        this.#offset = size - MAX_BEHIND_BYTES
        this.#rest = Buffer.from('the end of a line that is not read: ')
      }
      this.#watcher = watch(this.path, () => this.read())
      this.#watcher.on('error', () => this.#watcher?.close())
      return fd
    } catch {
      return undefined
    }
  }

  #take(bytes: Buffer): void {
    let from = 0
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, from)) {
      const whole = Buffer.concat([this.#rest, bytes.subarray(from, end)])
      this.#rest = Buffer.alloc(0)
      from = end + 1
      this.#line(whole.toString('utf8'))
    }
    this.#rest = Buffer.concat([this.#rest, bytes.subarray(from)])
  }
}

/** Reads a file that is not written any more. */
export function readThrough(path: string, line: (line: string) => void): void {
  using tail = new RolloutTail(path, line)
  tail.read()
}
