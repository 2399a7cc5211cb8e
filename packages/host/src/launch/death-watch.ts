/**
 * Sees a process end by event. The process holds the write end of a FIFO; when the last holder is gone the kernel ends
 * the file, and the reader here is told at once. Children that inherited the descriptor delay that, so the session
 * host's own events and a slow reconciliation stand beside it.
 */

import { spawnSync } from 'node:child_process'
import { constants, openSync, statSync } from 'node:fs'
import { Socket } from 'node:net'
import { removeOwn } from '../files/remove.ts'

/** A fresh FIFO at `path`; what was there is removed. */
export function makeFifo(path: string): void {
  removeOwn(path)
  const { status, stderr, error } = spawnSync('mkfifo', ['-m', '600', path], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`mkfifo: ${error?.message ?? stderr.trim()}`)
}

/** Calls `onEnd` once when every writer of the FIFO has gone. Open it before the writer starts. */
export function watchEnd(path: string, onEnd: () => void): Disposable {
  if (!statSync(path).isFIFO()) throw new Error(`${path} is not a FIFO`)
  // Non-blocking, so that opening does not wait for the writer and reading goes through the event loop.
  const socket = new Socket({ fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), readable: true, writable: false })
  let done = false
  const end = () => {
    if (done) return
    done = true
    socket.destroy()
    onEnd()
  }
  socket.on('end', end)
  socket.on('close', end)
  socket.on('error', end)
  socket.resume()
  return {
    [Symbol.dispose]() {
      done = true
      socket.destroy()
    },
  }
}
