/** The host service's end of the socket: one handler per method, every error as a record, streams that end with their peer. */

import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { FleetError, toErrorRecord } from '@mosaic/domain/error'
import type { FleetControl, SendRequest } from '@mosaic/domain/fleet-control'
import type { FleetView } from '@mosaic/domain/fleet-view'
import { isSettled, type Receipt } from '@mosaic/domain/message'
import { fileError } from '../files/file-error.ts'
import type { ServiceStatus } from './client.ts'
import { MAX_STREAMS, type Peer, Peers, tooManyRequests, tooManyStreams } from './peers.ts'
import type { Request } from './wire.ts'

type Params = Record<string, unknown>
type Asked = Request & { params: Params }
type Handler = (params: Params, peer: Peer) => Promise<unknown>

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
/** How long a wait may go on after its peer has gone, milliseconds. */
const WAIT_SLICE_MS = 1_000
const DEFAULT_RECEIPTS = 20
const MAX_RECEIPTS = 1_000

const bad = (what: string) => new FleetError('invalid', `bad request: ${what}`, { mend: 'use the same version of mosaic on both ends' })

/** Every parameter that some method has. */
const PARAMETERS = [
  'id',
  'to',
  'from',
  'text',
  'urgent',
  'deadlineAtMs',
  'name',
  'names',
  'limit',
  'timeoutMs',
  'newSession',
  'sinceSeq',
] as const

/** Stands for a value that no parameter can have. */
const BAD_VALUE = Symbol('bad value')

/** Texts, numbers and lists of texts. Anything else that came along can be much larger in memory than on the wire, and is let go. */
function paramsOf(given: unknown): Params {
  const params: Params = {}
  for (const key of PARAMETERS) {
    const value: unknown = Object(given)[key]
    const isList = Array.isArray(value) && value.every((item) => typeof item === 'string')
    if (value !== undefined && value !== null) params[key] = typeof value !== 'object' || isList ? value : BAD_VALUE
  }
  return params
}

function text(params: Params, key: string): string {
  const value = params[key]
  if (typeof value !== 'string') throw bad(`${key} must be a string`)
  return value
}

function names(params: Params): string[] | undefined {
  const value = params['names']
  if (value === undefined) return undefined
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

const limitOf = (params: Params): number => Math.min(Math.max(1, Math.trunc(Number(params['limit'])) || DEFAULT_RECEIPTS), MAX_RECEIPTS)

const agentOf = (params: Params): string | undefined => (params['agent'] == null ? undefined : text(params, 'agent'))

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

/** Waits bit by bit, so that a wait ends with its peer. */
async function waitForReceipt(fleet: FleetView & FleetControl, peer: Peer, params: Params): Promise<Receipt> {
  const id = text(params, 'id')
  let leftMs = Number(params['timeoutMs']) || 0
  for (;;) {
    const receipt = await fleet.waitForReceipt(id, Math.min(leftMs, WAIT_SLICE_MS))
    leftMs -= WAIT_SLICE_MS
    if (leftMs <= 0 || isSettled(receipt.state) || peer.socket.destroyed) return receipt
  }
}

function handlers(parts: ServerParts): Map<string, Handler> {
  const { fleet } = parts
  return new Map<string, Handler>([
    ['status', async () => parts.status()],
    ['snapshot', (_, peer) => peer.inTurn(() => fleet.snapshot())],
    ['agent', (params, peer) => peer.inTurn(async () => fleet.agent(text(params, 'name')))],
    ['commsBlock', (params) => fleet.commsBlock(text(params, 'name'))],
    ['receipt', (params) => fleet.receipt(text(params, 'id'))],
    ['receipts', (params) => fleet.receipts(text(params, 'name'), limitOf(params))],
    ['reports', (params) => fleet.reports({ agent: agentOf(params), limit: limitOf(params) })],
    ['escalations', (params) => fleet.escalations({ all: params['all'] === true })],
    ['acknowledge', (params) => fleet.acknowledge(text(params, 'id'))],
    ['start', (params) => fleet.start(names(params))],
    ['stop', (params) => fleet.stop(names(params))],
    ['restart', (params) => fleet.restart(names(params))],
    ['reset', (params) => fleet.reset(text(params, 'name'), { newSession: params['newSession'] === true })],
    ['send', (params) => fleet.send(sendRequest(params))],
    ['waitForReceipt', (params, peer) => waitForReceipt(fleet, peer, params)],
    ['pause', () => fleet.pause()],
    ['resume', () => fleet.resume()],
    ['reload', () => fleet.reload()],
    ['shutdown', () => fleet.shutdown()],
  ])
}

export class ServiceServer implements AsyncDisposable {
  readonly #parts: ServerParts
  readonly #server: Server
  readonly #peers: Peers
  readonly #handlers: Map<string, Handler>

  private constructor(parts: ServerParts) {
    this.#parts = parts
    this.#handlers = handlers(parts)
    this.#peers = new Peers(parts.log)
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
    // A peer that does not read what is left for it must not keep the service.
    const cut = this.#peers.end(CLOSE_GRACE_MS)
    await closed
    clearTimeout(cut)
  }

  #serve(socket: Socket): void {
    const peer = this.#peers.admit(socket)
    peer.read((value, bytes) => {
      const request = value as Partial<Request> & { cancel?: boolean }
      if (typeof request.id !== 'number') return peer.cut(bad('no id'))
      if (request.cancel === true) return peer.streams.get(request.id)?.abort()
      const { id, method, by } = request
      const params = paramsOf(request.params)
      if (method === 'events') void this.#stream(peer, id, params)
      else void this.#answer(peer, { id, method: String(method), params, ...(typeof by === 'string' ? { by } : {}) }, bytes)
    })
  }

  async #answer(peer: Peer, { id, method, params, by }: Asked, bytes: number): Promise<void> {
    const handler = this.#handlers.get(method)
    if (handler === undefined) return peer.refuse(id, bad(`no method ${JSON.stringify(method.slice(0, 40))}`))
    if (peer.isFull) return peer.refuse(id, tooManyRequests())
    try {
      const result = await peer.carry(bytes, () => this.#parts.actAs(by, () => handler(params, peer)))
      peer.write({ id, result: result ?? null })
      if (method === 'shutdown') this.#parts.onShutdown()
    } catch (thrown) {
      const error = fileError(thrown) ?? thrown
      this.#logUnforeseen(method, error)
      peer.write({ id, error: toErrorRecord(error) })
    }
  }

  /** What the peer is not told. */
  #logUnforeseen(method: string, error: unknown): void {
    if (!(error instanceof FleetError)) this.#parts.log(`${method}: ${(error as Error).stack ?? String(error)}`)
  }

  async #stream(peer: Peer, id: number, params: Params): Promise<void> {
    const { socket, streams } = peer
    if (streams.has(id)) return peer.refuse(id, bad('a stream of this id is open'))
    if (streams.size >= MAX_STREAMS) return peer.refuse(id, tooManyStreams())
    const controller = new AbortController()
    const since = params['sinceSeq']
    try {
      streams.set(id, controller)
      const options = { signal: controller.signal, ...(typeof since === 'number' ? { sinceSeq: since } : {}) }
      for await (const item of this.#parts.fleet.events(options)) {
        if (!peer.write({ id, item }) && socket.writable) await drained(socket)
        if (socket.destroyed) break
      }
      peer.write({ id, end: true })
    } catch (error) {
      this.#logUnforeseen('events', error)
      peer.write({ id, error: toErrorRecord(error) })
    } finally {
      if (streams.get(id) === controller) streams.delete(id)
    }
  }
}
