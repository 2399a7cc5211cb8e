/** The host service's side of one signal journal: reads all of it, and then what is added, whatever became of the file in between. */

import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs'
import { MAX_SIGNAL_BYTES, parseSignal, type Signal } from '@mosaic/domain/signal'

export type SignalSink = (signals: readonly Signal[]) => void

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
const CHUNK_BYTES = 64 * 1024
/** Chunks read in one go before others get their turn. */
const CHUNKS_PER_READ = 4
/** Bytes that `catchUp` reads at most: a multiple of what a writer keeps, so that only a file that is none of ours is left over. */
const CATCH_UP_BYTES = 64 * 1024 * 1024
const NEWLINE = 0x0a

interface OpenJournal {
  fd: number
  inode: bigint
  device: bigint
}

const isSame = (a: OpenJournal | undefined, b: OpenJournal | undefined): boolean =>
  a !== undefined && a.inode === b?.inode && a.device === b.device

const close = (file: OpenJournal | undefined): void => {
  if (file !== undefined) closeSync(file.fd)
}

/** `undefined` when nothing stands there, or something that is no journal. */
function openAt(path: string): OpenJournal | undefined {
  let fd: number
  try {
    fd = openSync(path, FLAGS)
  } catch {
    return undefined
  }
  const stat = fstatSync(fd, { bigint: true })
  if (stat.isFile()) return { fd, inode: stat.ino, device: stat.dev }
  closeSync(fd)
  return undefined
}

export class JournalReader implements Disposable {
  readonly #path: string
  readonly #sink: SignalSink
  readonly #chunk = Buffer.alloc(CHUNK_BYTES)
  #file: OpenJournal | undefined
  /** Bytes of the open file that were read, the rest included. */
  #read = 0
  /** Bytes after the last whole line. */
  #rest: Buffer = Buffer.alloc(0)
  /** Inside a line that is too long to be a signal. */
  #skipping = false

  constructor(path: string, sink: SignalSink) {
    this.#path = path
    this.#sink = sink
  }

  /** Reads everything there is: the rotated file, then the journal. True: it is larger than any of ours, call `read` again. */
  catchUp(): boolean {
    for (let bytes = 0; bytes < CATCH_UP_BYTES; bytes += CHUNKS_PER_READ * CHUNK_BYTES) if (!this.read()) return false
    return true
  }

  /** Reads what is there now. True: there is more, call again. */
  read(): boolean {
    for (let chunks = 0; chunks < CHUNKS_PER_READ; chunks += 1) {
      // The rotated file is tried first: one that came into being after it was missed is seen behind the journal.
      this.#file ??= openAt(this.#rotated) ?? this.#behind(undefined)
      if (this.#file === undefined) return false
      const got = readSync(this.#file.fd, this.#chunk, 0, CHUNK_BYTES, this.#read)
      if (got > 0) this.#take(this.#chunk.subarray(0, got))
      else if (!this.#moveOn(this.#file)) return false
    }
    return true
  }

  [Symbol.dispose](): void {
    this.#goTo(undefined)
  }

  get #rotated(): string {
    return `${this.#path}.1`
  }

  #goTo(file: OpenJournal | undefined): void {
    if (this.#file !== file) close(this.#file)
    this.#file = file
    this.#read = 0
    this.#rest = Buffer.alloc(0)
    this.#skipping = false
  }

  /** What is to be read after this file: the journal, or the rotated one when that is neither of both, opened in this order. */
  #behind(file: OpenJournal | undefined): OpenJournal | undefined {
    const current = openAt(this.#path)
    if (current === undefined || isSame(current, file)) {
      close(current)
      return undefined
    }
    const rotated = openAt(this.#rotated)
    const isBetween = rotated !== undefined && !isSame(rotated, file) && !isSame(rotated, current)
    close(isBetween ? current : rotated)
    return isBetween ? rotated : current
  }

  /** At the end of what is open: true when there is another file, or another content, to read. */
  #moveOn(file: OpenJournal): boolean {
    if (fstatSync(file.fd).size < this.#read) {
      this.#goTo(file)
      return true
    }
    const now: BigIntStats | undefined = lstatSync(this.#path, { throwIfNoEntry: false, bigint: true })
    // Held open while nothing stands in its place: it may be the one that was just rotated, and its writer not done yet.
    if (now === undefined || (now.ino === file.inode && now.dev === file.device)) return false
    // What was appended between the last read and the rename is still in the file at hand.
    if (fstatSync(file.fd).size > this.#read) return true
    const next = this.#behind(file)
    if (next === undefined) return false
    this.#goTo(next)
    return true
  }

  #take(chunk: Buffer): void {
    this.#read += chunk.length
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const found: Signal[] = []
    let at = 0
    for (let end = data.indexOf(NEWLINE); end !== -1; end = data.indexOf(NEWLINE, at)) {
      const signal = this.#skipping || end - at > MAX_SIGNAL_BYTES ? undefined : parseSignal(data.toString('utf8', at, end))
      this.#skipping = false
      at = end + 1
      if (signal !== undefined) found.push(signal)
    }
    if (data.length - at > MAX_SIGNAL_BYTES) {
      this.#skipping = true
      at = data.length
    }
    this.#rest = Buffer.from(data.subarray(at))
    if (found.length > 0) this.#sink(found)
  }
}
