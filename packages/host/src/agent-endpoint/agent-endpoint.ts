/**
 * Where agents reach their fleet over HTTP: one server on loopback per host service. `/mcp` has the fleet's tools and
 * the stream for pings, `/hook/<name>` takes what runtimes tell, `/tool/<name>` is a tool without the protocol.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { FleetError } from '@mosaic/domain/error'
import type { RuntimeChannel } from '@mosaic/domain/ports/runtime'
import type { MosaicPaths } from '../paths.ts'
import { Credentials } from './credentials.ts'
import { type EndpointIdentity, endpointIdentity, LOOPBACK } from './endpoint-file.ts'
import { answerJson, assertLocal, bearerOf, HttpRefusal, jsonOf } from './http-request.ts'
import { LaunchChannel } from './launch-channel.ts'
import { McpServer } from './mcp.ts'
import type { AgentTools, ToolCaller } from './tools.ts'

/** A runtime posts what its tools read and wrote along with its hooks. */
const MAX_HOOK_BYTES = 16 * 1024 * 1024
const MAX_TOOL_BYTES = 1024 * 1024
/** Requests of one launch under way at once, streams not counted. */
const MAX_REQUESTS = 32
const MAX_CONNECTIONS = 1024
/** A request that is not there after this time is not waited for, milliseconds. */
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000
/** Pauses before a port that somebody else holds is tried again, milliseconds; the last one for ever. */
const REBIND_MS = [100, 250, 500, 1_000, 2_000, 5_000] as const
/** How often a stream that says nothing is kept open, milliseconds. */
const KEEP_ALIVE_MS = 60_000
/** How long requests wait for a service that is still taking over its fleet, milliseconds. */
const TAKE_OVER_MS = 15_000

export interface AgentEndpointParts {
  paths: Pick<MosaicPaths, 'endpointFile'>
  tools: AgentTools
  /** False for a launch that ended: its token is dead. A service that is taking over its fleet answers when it knows. */
  isCurrent(name: string, launchId: string): boolean | Promise<boolean>
  log(text: string): void
  /** Told to MCP clients. */
  version?: string
}

const keyOf = ({ name, launchId }: ToolCaller): string => `${name}/${launchId}`

export class AgentEndpoint implements AsyncDisposable {
  readonly url: string
  readonly #parts: AgentEndpointParts
  readonly #port: number
  readonly #credentials: Credentials
  readonly #mcp: McpServer
  readonly #server: Server
  readonly #channels = new Map<string, LaunchChannel>()
  readonly #requests = new Map<string, number>()
  readonly #keepAlive: NodeJS.Timeout
  #rebind: NodeJS.Timeout | undefined
  #note: string | null = null
  #closed = false

  private constructor(parts: AgentEndpointParts, { port, secret }: EndpointIdentity) {
    this.#parts = parts
    this.#port = port
    this.url = `http://${LOOPBACK}:${port}`
    this.#credentials = new Credentials(secret)
    this.#mcp = new McpServer({
      credentials: this.#credentials,
      tools: parts.tools,
      version: parts.version ?? '0',
      nowMs: () => Date.now(),
    })
    this.#server = createServer(
      { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: 5_000, noDelay: true },
      (request, response) => void this.#serve(request, response),
    )
    this.#server.maxConnections = MAX_CONNECTIONS
    this.#keepAlive = setInterval(() => {
      for (const channel of this.#channels.values()) channel.keepAlive()
    }, KEEP_ALIVE_MS).unref()
  }

  /**
   * Listens on the port that was chosen when the tenant's first service came up. Somebody else's hold on it is waited
   * out in the background, and told of by `note`.
   * @throws FleetError `refused` or `not_done` when there can be no port at all
   */
  static async open(parts: AgentEndpointParts): Promise<AgentEndpoint> {
    const endpoint = new AgentEndpoint(parts, await endpointIdentity(parts.paths.endpointFile))
    await endpoint.#listen(0)
    return endpoint
  }

  /** What is wrong with it; `null`: nothing. */
  note(): string | null {
    return this.#note
  }

  /** The bearer token of one launch: good until that launch ends. */
  tokenOf(name: string, launchId: string): string {
    return this.#credentials.token({ name, launchId })
  }

  /** The same one for the same launch; channels of other launches of this agent end. */
  channel(name: string, launchId: string): RuntimeChannel {
    const key = keyOf({ name, launchId })
    this.#forget(name, key)
    return this.#channelOf(key, name)
  }

  /** No launch of this agent lives: nothing is kept for one, nor a stream held that something it left behind reads. */
  end(name: string): void {
    this.#forget(name, undefined)
  }

  #forget(name: string, kept: string | undefined): void {
    for (const [key, channel] of this.#channels) {
      if (key === kept || !key.startsWith(`${name}/`)) continue
      this.#channels.delete(key)
      channel.end()
    }
  }

  #channelOf(key: string, name: string): LaunchChannel {
    let channel = this.#channels.get(key)
    if (channel === undefined) {
      channel = new LaunchChannel((text) => this.#parts.log(`${name}: ${text}`))
      this.#channels.set(key, channel)
    }
    return channel
  }

  async #listen(attempt: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#server.once('error', reject)
    this.#server.listen({ host: LOOPBACK, port: this.#port, exclusive: true }, () => resolve())
    try {
      await promise
      this.#server.off('error', reject)
      this.#server.on('error', (error) => this.#parts.log(`the agents' endpoint: ${error.message}`))
      if (this.#note !== null) this.#parts.log(`the agents' endpoint listens again on ${this.url}`)
      this.#note = null
    } catch (error) {
      this.#server.off('error', reject)
      const text = `the agents' endpoint has no port: ${this.url} is held by another process (${(error as Error).message})`
      if (this.#note === null) this.#parts.log(`${text}; it is tried again`)
      this.#note = `${text}: find it with ss -ltnp, and end it`
      const pauseMs = REBIND_MS[Math.min(attempt, REBIND_MS.length - 1)]
      if (!this.#closed) this.#rebind = setTimeout(() => void this.#listen(attempt + 1), pauseMs).unref()
    }
    if (this.#closed) this.#server.close()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => {})
    try {
      assertLocal(request, this.#port)
      const caller = await this.#caller(request)
      const key = keyOf(caller)
      const under = (this.#requests.get(key) ?? 0) + 1
      if (under > MAX_REQUESTS) throw new HttpRefusal(429, 'too many requests at once', { 'retry-after': '1' })
      this.#requests.set(key, under)
      try {
        await this.#route(caller, request, response)
      } finally {
        const left = (this.#requests.get(key) ?? 1) - 1
        if (left > 0) this.#requests.set(key, left)
        else this.#requests.delete(key)
      }
    } catch (error) {
      this.#refuse(error, response)
    }
  }

  /** @throws HttpRefusal 401 for anything but the token of a launch that runs */
  async #caller(request: IncomingMessage): Promise<ToolCaller> {
    const caller = this.#credentials.caller(bearerOf(request) ?? '')
    if (caller === undefined) throw new HttpRefusal(401, 'a token of this fleet is expected')
    if (!(await this.#isCurrent(caller))) throw new HttpRefusal(401, 'the launch that this token is for has ended')
    return caller
  }

  /** @throws HttpRefusal 503 when that is not known in time */
  async #isCurrent({ name, launchId }: ToolCaller): Promise<boolean> {
    const { promise: late, reject } = Promise.withResolvers<never>()
    const timeout = setTimeout(() => reject(new HttpRefusal(503, 'the host service is starting', { 'retry-after': '1' })), TAKE_OVER_MS)
    try {
      return await Promise.race([this.#parts.isCurrent(name, launchId), late])
    } finally {
      clearTimeout(timeout)
    }
  }

  async #route(caller: ToolCaller, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = ''] = (request.url ?? '').split('?')
    const channel = this.#channelOf(keyOf(caller), caller.name)
    if (path === '/mcp') return this.#mcp.handle({ caller, channel }, request, response)
    const [, kind, name] = /^\/(hook|tool)\/([A-Za-z0-9_.-]{1,64})$/.exec(path) ?? []
    if (kind === undefined || name === undefined) throw new HttpRefusal(404, 'there is /mcp, /hook/NAME and /tool/NAME')
    if (request.method !== 'POST') throw new HttpRefusal(405, 'POST', { allow: 'POST' })
    if (kind === 'hook') return answerJson(response, 200, await channel.hook(name, await jsonOf(request, MAX_HOOK_BYTES)))
    const callId = request.headers['idempotency-key']
    const known = typeof callId === 'string' ? { ...caller, callId } : caller
    const answer = await this.#parts.tools.call(known, name, await jsonOf(request, MAX_TOOL_BYTES))
    if (answer === undefined) throw new HttpRefusal(404, `no tool ${name}`)
    answerJson(response, 200, answer)
  }

  #refuse(error: unknown, response: ServerResponse): void {
    if (error instanceof HttpRefusal) {
      answerJson(response, error.status, { error: error.message }, error.headers)
      return
    }
    const { message, stack } = error as Error
    this.#parts.log(`the agents' endpoint: ${error instanceof FleetError ? message : (stack ?? message)}`)
    answerJson(response, 500, { error: 'internal error: see the log of the host service' })
  }

  /** Streams end; agents' clients come back to the next service. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    clearInterval(this.#keepAlive)
    clearTimeout(this.#rebind)
    for (const channel of this.#channels.values()) channel.close()
    if (!this.#server.listening) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    this.#server.closeAllConnections()
    await promise
  }
}
