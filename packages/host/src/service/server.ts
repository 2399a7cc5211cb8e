/** The host service's end of the socket: one handler per method, every error as a record, streams that end with their peer. */

import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { FleetError, toErrorRecord } from '@mosaic/domain/error'
import type { FleetControl, SendRequest } from '@mosaic/domain/fleet-control'
import type { FleetView } from '@mosaic/domain/fleet-view'
import { fileError } from '../files/file-error.ts'
import type { ServiceStatus } from './client.ts'
import { type Request, readLines, writeLine } from './wire.ts'

type Params = Record<string, unknown>
type Handler = (params: Params) => Promise<unknown>

export interface ServerParts {
  /** Does it on behalf of a session: what is audited meanwhile names that one. */
  actAs<T>(session: string | undefined, act: () => T): T
  fleet: FleetView & FleetControl
  status(): ServiceStatus
  /** After the answer to `shutdown` has gone out. */
  onShutdown(): void
  log(text: string): void
}

/** How long a peer may take to read its last answers when the service ends, milliseconds. */
const CLOSE_GRACE_MS = 1_000
const DEFAULT_RECEIPTS = 20
const MAX_RECEIPTS = 1_000

const bad = (what: string) => new FleetError('invalid', `bad request: ${what}`, { mend: 'use the same version of mosaic on both ends' })

function text(params: Params, key: string): string {
  const value = params[key]
  if (typeof value !== 'string') throw bad(`${key} must be a string`)
  return value
}

function names(params: Params): string[] | undefined {
  const value = params['names']
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) throw bad('names must be a list of strings')
  return value
}

function sendRequest(params: Params): SendRequest {
  const deadline = params['deadlineAtMs']
  return {
    id: text(params, 'id'),
    to: text(params, 'to'),
    from: text(params, 'from'),
    text: text(params, 'text'),
    urgent: params['urgent'] === true,
    ...(typeof deadline === 'number' ? { deadlineAtMs: deadline } : {}),
  }
}

const receiptLimit = (params: Params): number =>
  Math.min(Math.max(1, Math.trunc(Number(params['limit'])) || DEFAULT_RECEIPTS), MAX_RECEIPTS)

/** Resolves when the peer takes more, or is gone. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.on('drain', done).on('close', done)
  })
}

function handlers(parts: ServerParts): Map<string, Handler> {
  const { fleet } = parts
  return new Map<string, Handler>([
    ['status', async () => parts.status()],
    ['snapshot', () => fleet.snapshot()],
    ['agent', (params) => fleet.agent(text(params, 'name'))],
    ['commsBlock', (params) => fleet.commsBlock(text(params, 'name'))],
    ['receipt', (params) => fleet.receipt(text(params, 'id'))],
    ['receipts', (params) => fleet.receipts(text(params, 'name'), receiptLimit(params))],
    ['start', (params) => fleet.start(names(params))],
    ['stop', (params) => fleet.stop(names(params))],
    ['restart', (params) => fleet.restart(names(params))],
    ['reset', (params) => fleet.reset(text(params, 'name'), { newSession: params['newSession'] === true })],
    ['send', (params) => fleet.send(sendRequest(params))],
    ['waitForReceipt', (params) => fleet.waitForReceipt(text(params, 'id'), Number(params['timeoutMs']) || 0)],
    ['pause', () => fleet.pause()],
    ['resume', () => fleet.resume()],
    ['reload', () => fleet.reload()],
    ['shutdown', () => fleet.shutdown()],
  ])
}

export class ServiceServer implements AsyncDisposable {
  readonly #parts: ServerParts
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #handlers: Map<string, Handler>

  private constructor(parts: ServerParts) {
    this.#parts = parts
    this.#handlers = handlers(parts)
    this.#server = createServer((socket) => this.#serve(socket))
  }

  /** Listens at `path`, 0600. The caller holds the service lock, so a socket file that stands there is a dead one. */
  static async listen(path: string, parts: ServerParts): Promise<ServiceServer> {
    const service = new ServiceServer(parts)
    rmSync(path, { force: true })
    await new Promise<void>((resolve, reject) => {
      service.#server.once('error', reject)
      service.#server.listen(path, resolve)
    })
    chmodSync(path, 0o600)
    return service
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroySoon()
    // A peer that does not read what is left for it must not keep the service.
    const cut = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy()
    }, CLOSE_GRACE_MS)
    await closed
    clearTimeout(cut)
  }

  #serve(socket: Socket): void {
    const streams = new Map<number, AbortController>()
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#sockets.delete(socket)
      for (const stream of streams.values()) stream.abort()
    })
    readLines(socket, (value) => {
      const request = value as Partial<Request> & { cancel?: boolean }
      if (typeof request.id !== 'number') return socket.destroy()
      if (request.cancel === true) return streams.get(request.id)?.abort()
      const params = (request.params ?? {}) as Params
      if (request.method === 'events') void this.#stream(socket, request.id, params, streams)
      else void this.#answer(socket, request as Request, params)
    })
  }

  async #answer(socket: Socket, request: Request, params: Params): Promise<void> {
    const { id } = request
    const method = String(request.method)
    try {
      const handler = this.#handlers.get(method)
      if (handler === undefined) throw bad(`no method ${JSON.stringify(method.slice(0, 40))}`)
      const by = typeof request.by === 'string' ? request.by : undefined
      writeLine(socket, { id, result: (await this.#parts.actAs(by, () => handler(params))) ?? null })
      if (method === 'shutdown') this.#parts.onShutdown()
    } catch (thrown) {
      const error = fileError(thrown) ?? thrown
      this.#logUnforeseen(method, error)
      writeLine(socket, { id, error: toErrorRecord(error) })
    }
  }

  /** What the peer is not told. */
  #logUnforeseen(method: string, error: unknown): void {
    if (!(error instanceof FleetError)) this.#parts.log(`${method}: ${(error as Error).stack ?? String(error)}`)
  }

  async #stream(socket: Socket, id: number, params: Params, streams: Map<number, AbortController>): Promise<void> {
    const controller = new AbortController()
    streams.set(id, controller)
    const since = params['sinceSeq']
    try {
      const options = { signal: controller.signal, ...(typeof since === 'number' ? { sinceSeq: since } : {}) }
      for await (const item of this.#parts.fleet.events(options)) {
        if (!writeLine(socket, { id, item }) && socket.writable) await drained(socket)
        if (socket.destroyed) break
      }
      writeLine(socket, { id, end: true })
    } catch (error) {
      this.#logUnforeseen('events', error)
      writeLine(socket, { id, error: toErrorRecord(error) })
    } finally {
      streams.delete(id)
    }
  }
}
