/**
 * The host service's socket protocol: one JSON document per line.
 * `{id, method, params}` is answered by `{id, result}` or `{id, error}`; a stream by `{id, item}` lines and `{id, end}`;
 * `{id, cancel: true}` ends a stream early.
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

/** A longer line is not ours: the peer is cut off. A 64 KiB message of control characters grows to a few hundred KiB. */
const MAX_LINE_BYTES = 16 * 1024 * 1024

/** Calls `onLine` with each parsed line; one that is no JSON object or too long ends the connection, and nothing after it is read. */
export function readLines(socket: Socket, onLine: (value: object) => void): void {
  let rest: Buffer[] = []
  let size = 0
  socket.on('data', (chunk: Buffer) => {
    let from = 0
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...rest, chunk.subarray(from, at)])
      rest = []
      size = 0
      from = at + 1
      let value: unknown
      try {
        value = JSON.parse(line.toString('utf8'))
      } catch {
        value = undefined
      }
      if (typeof value !== 'object' || value === null) {
        socket.destroy()
        return
      }
      onLine(value)
      if (socket.destroyed) return
    }
    if (from < chunk.length) {
      rest.push(chunk.subarray(from))
      size += chunk.length - from
      if (size > MAX_LINE_BYTES) socket.destroy()
    }
  })
}

export const writeLine = (socket: Socket, value: unknown): boolean => socket.writable && socket.write(`${JSON.stringify(value)}\n`)
