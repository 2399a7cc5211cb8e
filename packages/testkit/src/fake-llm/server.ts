/** The scripted model server: three model APIs on one loopback port. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { administer, isAdminPath } from './admin.ts'
import { fail, kindOf, serve } from './endpoints.ts'
import type { Reply } from './reply.ts'
import { RequestLog, type RequestPredicate, type RequestRecord, redactedHeaders } from './request-log.ts'
import { type Rule, type RuleFunction, type Script, Scripted } from './script.ts'

const MAX_BODY_BYTES = 32 * 1024 * 1024
const WAIT_MS = 60_000
const DEFAULT_MODELS = ['fake-model', 'fake-model-small']

export interface FakeLlmOptions extends Script {
  /** 0 or absent: any free one. */
  port?: number
  /** What `GET /v1/models` lists. Requests may name any model. */
  models?: readonly string[]
  /** When given, requests without this key are answered 401. */
  apiKey?: string
}

/** A server in use, and what its parts share. */
export class FakeLlm {
  readonly #server: Server
  readonly #options: FakeLlmOptions
  readonly #open = new Set<AbortController>()
  readonly #log = new RequestLog()
  #scripted: Scripted
  #modelRequests = 0

  private constructor(options: FakeLlmOptions) {
    this.#options = options
    this.#scripted = new Scripted(options)
    this.#server = createServer((incoming, response) => void this.#handle(incoming, response))
    // A client that keeps its connection must not meet a server that closes it in the same moment.
    this.#server.keepAliveTimeout = 0
    this.#server.requestTimeout = 0
  }

  static async start(options: FakeLlmOptions): Promise<FakeLlm> {
    const llm = new FakeLlm(options)
    await new Promise<void>((resolve, reject) => {
      llm.#server.once('error', reject)
      llm.#server.listen(options.port ?? 0, '127.0.0.1', resolve)
    })
    return llm
  }

  /** `http://127.0.0.1:<port>`; the APIs are under `/v1`. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Everything received, oldest first. */
  requests(): readonly RequestRecord[] {
    return this.#log.all()
  }

  /** How often a model was asked to speak, failures included. */
  modelRequestCount(): number {
    return this.#log.modelRequests().length
  }

  /** Requests that are being answered right now. */
  openCount(): number {
    return this.#open.size
  }

  /**
   * The first request, past or future, that `predicate` holds for. It is asked at arrival, when the body was
   * understood, and at the end of the answer.
   */
  waitForRequest(predicate: RequestPredicate, withinMs: number = WAIT_MS): Promise<RequestRecord> {
    return this.#log.wait(predicate, withinMs)
  }

  /** Adds to the end of the queue. */
  push(...replies: readonly Reply[]): void {
    this.#scripted.push(...replies)
  }

  /** Adds a rule before those that exist. */
  rule(rule: Rule | RuleFunction): void {
    this.#scripted.prepend(rule)
  }

  /** Replaces the whole script. */
  script(script: Script): void {
    this.#scripted = new Scripted(script)
  }

  clearRequests(): void {
    this.#log.clear()
  }

  /** Cuts what is open, and frees the port. */
  async close(): Promise<void> {
    for (const open of this.#open) open.abort(new Error('the model server ends'))
    this.#log.end()
    if (!this.#server.listening) return
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(incoming.url ?? '/', 'http://localhost').pathname
    const open = new AbortController()
    this.#open.add(open)
    response.once('close', () => {
      this.#open.delete(open)
      open.abort(new Error('the connection is closed'))
    })
    response.on('error', () => undefined)
    try {
      const text = await bodyOf(incoming)
      if (isAdminPath(path)) administer(this, { method: incoming.method ?? '', path, body: text ?? '' }, response)
      else await this.#answer(incoming, response, path, text, open.signal)
    } catch {
      // The client left while it was still sending: there is no request to record and nobody to answer.
      response.destroy()
    }
  }

  /** `text` is `undefined` for a body that is too large. */
  async #answer(incoming: IncomingMessage, response: ServerResponse, path: string, text: string | undefined, gone: AbortSignal) {
    const record = this.#record(incoming, path, text)
    const { models = DEFAULT_MODELS, apiKey } = this.#options
    const call = { record, path, incoming, response, gone, scripted: this.#scripted, log: this.#log, models, apiKey }
    this.#log.add(record)
    try {
      if (text === undefined) fail(call, { status: 413, message: `a body has at most ${MAX_BODY_BYTES} bytes` })
      else await serve(call)
    } catch (error) {
      // A failed write is heard before the close that caused it.
      if (gone.aborted || response.headersSent || response.destroyed) record.outcome = 'aborted'
      else fail(call, { status: 500, message: `the script failed: ${error instanceof Error ? error.message : error}` })
    }
    this.#log.changed(record)
  }

  #record(incoming: IncomingMessage, path: string, text: string | undefined): RequestRecord {
    const kind = kindOf(incoming.method, path)
    if (kind === 'model') this.#modelRequests += 1
    return {
      kind,
      n: kind === 'model' ? this.#modelRequests : 0,
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: redactedHeaders(incoming.headers),
      body: jsonOf(text),
      request: undefined,
      userTexts: [],
      at: Date.now(),
      outcome: 'open',
    }
  }
}

/** The body, or `undefined` when it is too large. Reads it to the end in any case, so that the client hears the answer. */
async function bodyOf(incoming: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  return bytes > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks).toString('utf8')
}

function jsonOf(text: string | undefined): unknown {
  if (text === undefined || text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Starts the model server on a free loopback port; dispose it to free everything. */
export const startFakeLlm = (options: FakeLlmOptions = {}): Promise<FakeLlm> => FakeLlm.start(options)
