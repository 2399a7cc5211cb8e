/** The HTTP server inside one OpenCode process: bounded calls, and its stream of events. */

import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { PASSWORD_VARIABLE } from './environment.ts'
import { EventBlocks } from './event-blocks.ts'
import { listeningPorts, variableOf } from './listening.ts'

/** The server's own name for whoever knows its password. */
const USER = 'opencode'
/** It says something every 10 s; a stream that is silent for longer is dead, milliseconds. */
const STREAM_SILENCE_MS = 45_000
/** A page of messages with all that tools printed may be large, bytes. */
const MAX_BODY_BYTES = 256 * 1024 * 1024

/** The longest event, characters: one holds what a tool printed. */
const MAX_EVENT_LENGTH = 32 * 1024 * 1024

/** `unreachable`: nothing was sent. `silence`: sent, and it may have been done. */
export type Reply = { got: 'answer'; status: number; body: unknown; next: string | undefined } | { got: 'unreachable' } | { got: 'silence' }

interface Address {
  port: number
  password: string
}

interface Call {
  method: 'GET' | 'POST'
  path: string
  body?: unknown
  timeoutMs: number
}

const jsonOf = (text: string): unknown => {
  try {
    return text === '' ? undefined : (JSON.parse(text) as unknown)
  } catch {
    return undefined
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) throw new Error('the answer is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

export interface EventHandlers {
  opened(): void
  /** @param length of its text, characters */
  event(value: unknown, length: number): void
  ended(): void
}

export class ServerClient {
  readonly #pid: number
  #address: Address | undefined

  /** @param pid the process that the server runs in */
  constructor(pid: number) {
    this.#pid = pid
  }

  /**
   * Finds where the process listens. Only a port that the kernel ascribes to this process counts, and only this launch's
   * password opens it: no other server can answer for it.
   */
  async find(timeoutMs: number): Promise<boolean> {
    const password = variableOf(this.#pid, PASSWORD_VARIABLE)
    if (password === undefined) return false
    for (const port of listeningPorts(this.#pid)) {
      const reply = await this.#call({ port, password }, { method: 'GET', path: '/global/health', timeoutMs })
      if (reply.got !== 'answer' || reply.status !== 200) continue
      this.#address = { port, password }
      return true
    }
    return false
  }

  async call(call: Call): Promise<Reply> {
    if (this.#own() === undefined) await this.find(call.timeoutMs)
    const address = this.#own()
    return address === undefined ? { got: 'unreachable' } : this.#call(address, call)
  }

  /** The body of a successful GET; `undefined` otherwise. */
  async get(path: string, timeoutMs: number): Promise<unknown> {
    const reply = await this.call({ method: 'GET', path, timeoutMs })
    return reply.got === 'answer' && reply.status === 200 ? reply.body : undefined
  }

  /** Hands over each event until the stream ends; then `ended` is called, once. It ends before an event above the limit. */
  events(handlers: EventHandlers, maxEventLength = MAX_EVENT_LENGTH): Disposable {
    let over = false
    const end = () => {
      if (over) return
      over = true
      handlers.ended()
    }
    const address = this.#own()
    const sent = address === undefined ? undefined : this.#open(address, { method: 'GET', path: '/event' })
    if (sent === undefined) queueMicrotask(end)
    sent?.on('error', end)
    sent?.on('response', (response) => {
      response.on('error', end)
      response.on('close', end)
      if (response.statusCode !== 200) return response.destroy()
      response.setTimeout(STREAM_SILENCE_MS, () => response.destroy())
      handlers.opened()
      const blocks = new EventBlocks(maxEventLength)
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        const ended = blocks.push(chunk)
        if (ended === undefined) return void response.destroy()
        for (const block of ended) {
          const value = jsonOf(block.replace(/^data: ?/gm, ''))
          if (value !== undefined && !over) handlers.event(value, block.length)
        }
      })
    })
    sent?.end()
    return {
      [Symbol.dispose]() {
        over = true
        sent?.destroy()
      },
    }
  }

  /** Where it was found, as long as it listens there: a port that it has left may be somebody else's by now. */
  #own(): Address | undefined {
    if (this.#address !== undefined && !listeningPorts(this.#pid).includes(this.#address.port)) this.#address = undefined
    return this.#address
  }

  #open({ port, password }: Address, { method, path }: Pick<Call, 'method' | 'path'>): ClientRequest {
    const authorization = `Basic ${Buffer.from(`${USER}:${password}`).toString('base64')}`
    const headers = { authorization, 'content-type': 'application/json' }
    return request({ host: '127.0.0.1', port, method, path, headers, agent: false })
  }

  #call(address: Address, { body, timeoutMs, ...target }: Call): Promise<Reply> {
    return new Promise((resolve) => {
      const sent = this.#open(address, target)
      let connected = false
      const timer = setTimeout(() => sent.destroy(new Error('too slow')), timeoutMs)
      const done = (reply: Reply) => {
        clearTimeout(timer)
        resolve(reply)
      }
      sent.on('socket', (socket) => socket.once('connect', () => (connected = true)))
      sent.on('error', () => {
        // It may listen elsewhere now, or not at all.
        if (!connected) this.#address = undefined
        done({ got: connected ? 'silence' : 'unreachable' })
      })
      sent.on('response', (response) => {
        const next = response.headers['x-next-cursor']
        textOf(response).then(
          (text) =>
            done({
              got: 'answer',
              status: response.statusCode ?? 0,
              body: jsonOf(text),
              next: typeof next === 'string' ? next : undefined,
            }),
          () => done({ got: 'silence' }),
        )
      })
      sent.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }
}
