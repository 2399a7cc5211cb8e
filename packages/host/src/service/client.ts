/** A fleet reached over its host service's socket. */

import { existsSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import type { AgentRecord, FleetEvent, FleetSnapshot } from '@mosaic/domain/agent-record'
import { type ErrorRecord, FleetError, fromErrorRecord } from '@mosaic/domain/error'
import type { AgentOutcome, FleetControl, SendRequest } from '@mosaic/domain/fleet-control'
import type { FleetView } from '@mosaic/domain/fleet-view'
import type { Receipt } from '@mosaic/domain/message'
import { OPERATOR_SESSION } from '@mosaic/domain/message-text'
import type { Escalation, Report } from '@mosaic/domain/report'
import { isOwnDirectory } from '../files/own-directory.ts'
import type { MosaicPaths } from '../paths.ts'
import { CONNECTION_ID, type Frame, readLines, writeLine } from './wire.ts'

export interface ServiceStatus {
  pid: number
  version: string
  startedAt: string
  socket: string
  /** The roster that it goes by; a service of an older version does not say. */
  roster?: string
}

interface Waiting {
  frame(frame: Frame): void
  lost(error: FleetError): void
}

/** How long the service may take to answer a question, milliseconds. */
const ANSWER_WITHIN_MS = 15_000

/** A timer takes a longer delay for none. */
const MAX_DELAY_MS = 2 ** 31 - 1

export interface ClientOptions {
  /** How long the service may be silent, milliseconds. */
  answerWithinMs?: number
}

export const silentService = (forMs: number): FleetError =>
  new FleetError('not_done', `the host service did not answer within ${Math.round(forMs / 100) / 10} s`, {
    reason: 'observer_down',
    mend: 'see whether it is stopped (ps, state T) or the machine is overloaded; agents go on either way',
  })
const gone = () => new FleetError('not_done', 'the host service went away', { reason: 'observer_down', mend: 'mosaic fleet start' })

export class ServiceClient implements FleetView, FleetControl, AsyncDisposable {
  /** The session on whose behalf it asks: an agent's name, or `operator`. */
  caller: string = OPERATOR_SESSION
  readonly #socket: Socket
  readonly #waiting = new Map<number, Waiting>()
  readonly #answerWithinMs: number
  /** Why there is no connection, once there is none. */
  #end = gone()
  #nextId = CONNECTION_ID + 1

  constructor(socket: Socket, options: ClientOptions = {}) {
    this.#socket = socket
    this.#answerWithinMs = options.answerWithinMs ?? ANSWER_WITHIN_MS
    readLines(socket, (value) => {
      const frame = value as Frame
      if (frame.id === CONNECTION_ID && 'error' in frame) this.#end = fromErrorRecord(frame.error)
      this.#waiting.get(frame.id)?.frame(frame)
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      for (const waiting of this.#waiting.values()) waiting.lost(this.#end)
      this.#waiting.clear()
    })
  }

  status(): Promise<ServiceStatus> {
    return this.#ask('status', {})
  }
  snapshot(): Promise<FleetSnapshot> {
    return this.#ask('snapshot', {})
  }
  agent(name: string): Promise<AgentRecord> {
    return this.#ask('agent', { name })
  }
  commsBlock(name: string): Promise<string> {
    return this.#ask('commsBlock', { name })
  }
  receipt(id: string): Promise<Receipt> {
    return this.#ask('receipt', { id })
  }
  receipts(name: string, limit: number): Promise<Receipt[]> {
    return this.#ask('receipts', { name, limit })
  }
  reports(options: { agent?: string | undefined; limit: number }): Promise<Report[]> {
    return this.#ask('reports', options)
  }
  escalations(options: { all: boolean }): Promise<Escalation[]> {
    return this.#ask('escalations', options)
  }
  acknowledge(id: string): Promise<Escalation> {
    return this.#ask('acknowledge', { id })
  }
  start(names?: readonly string[]): Promise<AgentOutcome[]> {
    return this.#act('start', { names })
  }
  stop(names?: readonly string[]): Promise<AgentOutcome[]> {
    return this.#act('stop', { names })
  }
  restart(names?: readonly string[]): Promise<AgentOutcome[]> {
    return this.#act('restart', { names })
  }
  reset(name: string, options: { newSession: boolean }): Promise<AgentOutcome> {
    return this.#act('reset', { name, ...options })
  }
  /**
   * Hands the message to the service, which stores it before it answers. An `observer_down` error leaves open whether it
   * did: the same request again, by its id, stores and delivers nothing twice.
   */
  send(request: SendRequest): Promise<Receipt> {
    return this.#ask('send', request)
  }
  /** @throws FleetError `observer_down` when the service is still silent some time after `timeoutMs` */
  waitForReceipt(id: string, timeoutMs: number): Promise<Receipt> {
    return this.#ask('waitForReceipt', { id, timeoutMs }, Math.max(0, timeoutMs))
  }
  async pause(): Promise<void> {
    await this.#ask('pause', {})
  }
  async resume(): Promise<void> {
    await this.#ask('resume', {})
  }
  reload(): Promise<{ applied: boolean; problem: string | null }> {
    return this.#act('reload', {})
  }
  shutdown(): Promise<AgentOutcome[]> {
    return this.#act('shutdown', {})
  }

  async *events(options: { sinceSeq?: number; signal: AbortSignal }): AsyncIterable<FleetEvent> {
    if (this.#socket.destroyed) throw this.#end
    const id = this.#nextId++
    const queue: FleetEvent[] = []
    let ended = false
    let failure: FleetError | undefined
    let wake = () => {}
    this.#waiting.set(id, {
      frame(frame) {
        if ('item' in frame) queue.push(frame.item as FleetEvent)
        else ended = true
        if ('error' in frame) failure = fromErrorRecord(frame.error)
        wake()
      },
      lost(error) {
        failure = error
        ended = true
        wake()
      },
    })
    const abort = () => {
      ended = true
      wake()
    }
    options.signal.addEventListener('abort', abort)
    writeLine(this.#socket, { id, method: 'events', params: { sinceSeq: options.sinceSeq } })
    try {
      for (;;) {
        yield* queue.splice(0)
        // What came while the reader was busy, before the end that came after it.
        if (queue.length > 0 && !options.signal.aborted) continue
        if (failure !== undefined && !options.signal.aborted) throw failure
        if (ended || options.signal.aborted) return
        await new Promise<void>((resolve) => {
          wake = resolve
          if (queue.length > 0 || ended) resolve()
        })
      }
    } finally {
      options.signal.removeEventListener('abort', abort)
      this.#waiting.delete(id)
      writeLine(this.#socket, { id, cancel: true })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy()
  }

  /**
   * Answered at once, or the service is stopped or starved and says nothing at all.
   * @param besidesMs how long the service itself was asked to wait
   */
  async #ask<T>(method: string, params: object, besidesMs = 0): Promise<T> {
    const withinMs = besidesMs + this.#answerWithinMs
    let timer: NodeJS.Timeout | undefined
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(silentService(withinMs)), Math.min(withinMs, MAX_DELAY_MS))
    })
    try {
      return await Promise.race([this.#call<T>(method, params), silence])
    } finally {
      clearTimeout(timer)
    }
  }

  /** An act takes as long as it takes, while the service shows that it lives. */
  async #act<T>(method: string, params: object): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    let over = false
    const silence = new Promise<never>((_, reject) => {
      const look = () => {
        if (!over) timer = setTimeout(() => this.status().then(look, reject), this.#answerWithinMs)
      }
      look()
    })
    try {
      return await Promise.race([this.#call<T>(method, params), silence])
    } finally {
      over = true
      clearTimeout(timer)
    }
  }

  #call<T>(method: string, params: object): Promise<T> {
    if (this.#socket.destroyed) return Promise.reject(this.#end)
    const id = this.#nextId++
    return new Promise<T>((resolve, reject) => {
      const done = () => this.#waiting.delete(id)
      this.#waiting.set(id, {
        frame(frame) {
          done()
          if ('error' in frame) reject(fromErrorRecord(frame.error as ErrorRecord))
          else resolve(('result' in frame ? frame.result : undefined) as T)
        },
        lost(error) {
          done()
          reject(error)
        },
      })
      writeLine(this.#socket, { id, method, params, by: this.caller })
    })
  }
}

/** The tenant's host service, or `undefined` when none listens. Whoever listens in a directory of somebody else is not it. */
export async function connectService(paths: MosaicPaths, options: ClientOptions = {}): Promise<ServiceClient | undefined> {
  if (!isOwnDirectory(paths.sockets, { followLinks: paths.sockets === paths.run })) return undefined
  // One that still listens for a home that was removed is on its way out.
  if (!existsSync(paths.serviceLock)) return undefined
  return new Promise((resolve) => {
    const socket = connect({ path: paths.serviceSocket })
    socket.once('connect', () => {
      socket.removeAllListeners('error')
      resolve(new ServiceClient(socket, options))
    })
    socket.once('error', () => resolve(undefined))
  })
}
