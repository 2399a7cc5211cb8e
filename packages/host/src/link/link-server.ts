/** The runtime's end of the link. */

import { chmodSync, lstatSync, unlinkSync } from 'node:fs'
import { createServer, connect as openConnection, type Server, type Socket } from 'node:net'
import { FleetError } from '@mosaic/domain/error'
import { LineSplitter, type LinkAnswer, type LinkRequest, parseRequest, UNKNOWN_OP } from './link-protocol.ts'

/** Clients at one time; the host service needs one, a person with a debugger another. */
const MAX_CLIENTS = 32
/** How long a listener is given to take a connection before it counts as living anyway, milliseconds. */
const PROBE_MS = 1000

/** By op. What it returns (or resolves to) is the answer's value; what it throws is the answer's error. */
export type LinkHandlers = Readonly<Record<string, (request: LinkRequest) => unknown>>

/** True when a process listens there: it may be frozen, but it holds the socket. */
function isHeld(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = openConnection(path)
    const settle = (held: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(held)
    }
    const timer = setTimeout(() => settle(true), PROBE_MS)
    socket.on('connect', () => settle(true))
    socket.on('error', (error: NodeJS.ErrnoException) => settle(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'))
  })
}

async function removeStale(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return
  if (!stat.isSocket()) throw new FleetError('refused', `${path} is not a socket`, { reason: 'not-a-socket', mend: 'remove it' })
  if (await isHeld(path)) {
    throw new FleetError('refused', `another process listens on ${path}`, { reason: 'held', mend: 'end the process that holds it' })
  }
  unlinkSync(path)
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // The socket exists from within this call on; nobody else may ever have been able to open it.
    const before = process.umask(0o177)
    try {
      server.listen(path, () => {
        server.off('error', reject)
        resolve()
      })
    } finally {
      process.umask(before)
    }
  })
}

async function answer(handlers: LinkHandlers, line: string): Promise<LinkAnswer> {
  const request = parseRequest(line)
  if (request === undefined) return { id: null, ok: false, error: 'not a request' }
  const handler = Object.hasOwn(handlers, request.op) ? handlers[request.op] : undefined
  if (handler === undefined) return { id: request.id, ok: false, error: UNKNOWN_OP }
  try {
    return { id: request.id, ok: true, value: (await handler(request)) ?? null }
  } catch (error) {
    return { id: request.id, ok: false, error: error instanceof Error ? error.message : 'failed' }
  }
}

export class LinkServer implements Disposable {
  readonly #path: string
  readonly #server: Server
  readonly #clients: Set<Socket>

  private constructor(path: string, server: Server, clients: Set<Socket>) {
    this.#path = path
    this.#server = server
    this.#clients = clients
  }

  /**
   * Listens with mode 0600, in the place of a dead predecessor's socket.
   * @throws FleetError `refused` with reason `held` while another process listens there, `not-a-socket` for any other file
   */
  static async listen(path: string, handlers: LinkHandlers): Promise<LinkServer> {
    await removeStale(path)
    const clients = new Set<Socket>()
    const server = createServer((socket) => {
      clients.add(socket)
      socket.on('close', () => clients.delete(socket))
      socket.on('error', () => socket.destroy())
      const lines = new LineSplitter((line) => {
        void answer(handlers, line).then((reply) => {
          if (socket.writable) socket.write(`${JSON.stringify(reply)}\n`)
        })
      })
      socket.on('data', (chunk: Buffer) => {
        if (!lines.push(chunk)) socket.destroy()
      })
    })
    server.maxConnections = MAX_CLIENTS
    await listen(server, path)
    chmodSync(path, 0o600)
    server.on('error', () => {})
    server.unref()
    return new LinkServer(path, server, clients)
  }

  /** Stops at once and removes the socket. */
  [Symbol.dispose](): void {
    for (const socket of this.#clients) socket.destroy()
    this.#server.close()
    try {
      unlinkSync(this.#path)
    } catch {
      // Gone already.
    }
  }
}
