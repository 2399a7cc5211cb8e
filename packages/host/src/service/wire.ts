/**
 * The host service's socket protocol: one JSON document per line.
 * `{id, method, params}` is answered by `{id, result}` or `{id, error}`; a stream by `{id, item}` lines and `{id, end}`;
 * `{id, cancel: true}` ends a stream early. An error with the id 0 ends the connection.
 */

import type { Socket } from 'node:net'
import type { ErrorRecord } from '@mosaic/domain/error'

export interface Request {
  id: number
  method: string
  params: unknown
  /** The session on whose behalf it is asked. */
  by?: string
}

export type Frame =
  | { id: number; result: unknown }
  | { id: number; error: ErrorRecord }
  | { id: number; item: unknown }
  | { id: number; end: true }

/** No request has it: an error of the whole connection, which then ends. */
export const CONNECTION_ID = 0

/** A longer answer is not ours: the peer is cut off. */
const MAX_LINE_BYTES = 16 * 1024 * 1024
/** Kept from line to line; what a longer one needed is given back. */
const KEPT_BYTES = 64 * 1024

const NEWLINE = 10

export type LineFault = 'too-long' | 'no-object'

export interface LineOptions {
  maxBytes?: number
  /** A line that is none; nothing after it is read. Default: the connection ends. */
  onFault?: (fault: LineFault) => void
  /** The memory that the line so far takes has changed. */
  onHeld?: (bytes: number) => void
}

/** The line so far. One buffer: a peer that sends byte by byte costs no more than another. */
class Line {
  #buffer = Buffer.alloc(0)
  #size = 0

  get size(): number {
    return this.#size
  }

  get heldBytes(): number {
    return this.#buffer.length
  }

  add(part: Buffer): void {
    const size = this.#size + part.length
    if (size > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(1024, size, 2 * this.#buffer.length))
      this.#buffer.copy(grown, 0, 0, this.#size)
      this.#buffer = grown
    }
    part.copy(this.#buffer, this.#size)
    this.#size = size
  }

  /** The whole line, of which `part` is the end. */
  end(part: Buffer): string {
    if (this.#size === 0) return part.toString('utf8')
    this.add(part)
    const text = this.#buffer.toString('utf8', 0, this.#size)
    this.#size = 0
    if (this.#buffer.length > KEPT_BYTES) this.#buffer = Buffer.alloc(0)
    return text
  }
}

function objectOf(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** Calls `onLine` with each parsed line and its length, until the first that is no JSON object or too long. */
export function readLines(socket: Socket, onLine: (value: object, bytes: number) => void, options: LineOptions = {}): void {
  const { maxBytes = MAX_LINE_BYTES, onFault = () => socket.destroy(), onHeld = () => {} } = options
  const line = new Line()
  let over = false
  const fault = (what: LineFault) => {
    over = true
    onFault(what)
  }
  const take = (part: Buffer): void => {
    const bytes = line.size + part.length
    const value = bytes > maxBytes ? undefined : objectOf(line.end(part))
    if (value === undefined) fault(bytes > maxBytes ? 'too-long' : 'no-object')
    else onLine(value, bytes)
  }
  socket.on('data', (chunk: Buffer) => {
    let from = 0
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      if (over || socket.destroyed) return
      take(chunk.subarray(from, at))
      from = at + 1
    }
    if (over || socket.destroyed) return
    if (line.size + chunk.length - from > maxBytes) fault('too-long')
    else if (from < chunk.length) line.add(chunk.subarray(from))
    onHeld(line.heldBytes)
  })
}

export const writeLine = (socket: Socket, value: unknown): boolean => socket.writable && socket.write(`${JSON.stringify(value)}\n`)
