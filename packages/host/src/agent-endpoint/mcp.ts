/**
 * The Model Context Protocol over streamable HTTP, as much of it as tools and pings need. A session is nothing but its id,
 * which a restarted service knows again: a client goes on with its next request and opens its stream anew.
 */

import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Credentials } from './credentials.ts'
import { answerJson, HttpRefusal, jsonOf } from './http-request.ts'
import type { LaunchChannel } from './launch-channel.ts'
import type { AgentTools, ToolAnswer, ToolCaller } from './tools.ts'

/** Newest first; a client that asks for another one gets the newest, and decides. */
export const PROTOCOL_VERSIONS: readonly string[] = ['2025-11-25', '2025-06-18', '2025-03-26']
const MAX_BODY_BYTES = 1024 * 1024
/** How soon a client whose stream broke shall come back, milliseconds. */
const RETRY_MS = 5_000

const PARSE_ERROR = { code: -32700, message: 'not JSON' }
const INVALID_REQUEST = { code: -32600, message: 'one JSON-RPC 2.0 message per request is expected' }

interface RpcMessage {
  id: string | number | undefined
  method: string | undefined
  params: Record<string, unknown>
}

type RpcReply = { result: unknown } | { error: { code: number; message: string } }

export interface McpParts {
  credentials: Credentials
  tools: AgentTools
  version: string
  nowMs(): number
}

/** Whose request it is, and where its streams are. */
export interface McpPeer {
  caller: ToolCaller
  channel: LaunchChannel
}

function messageOf(body: unknown): RpcMessage | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined
  const { jsonrpc, id, method, params } = body as Record<string, unknown>
  if (jsonrpc !== '2.0') return undefined
  if (id !== undefined && id !== null && typeof id !== 'string' && typeof id !== 'number') return undefined
  if (method !== undefined && typeof method !== 'string') return undefined
  const given = typeof params === 'object' && params !== null ? (params as Record<string, unknown>) : {}
  return { id: id ?? undefined, method, params: given }
}

const contentOf = ({ text, isError, structured }: ToolAnswer) => ({
  content: [{ type: 'text', text }],
  isError,
  ...(structured === undefined ? {} : { structuredContent: structured }),
})

export class McpServer {
  readonly #parts: McpParts

  constructor(parts: McpParts) {
    this.#parts = parts
  }

  /** @throws HttpRefusal for what is no such request */
  async handle(peer: McpPeer, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'POST') return this.#post(peer, request, response)
    if (request.method === 'GET') return this.#stream(peer, request, response)
    if (request.method === 'DELETE') {
      peer.channel.close(this.#session(peer, request))
      return answerJson(response, 200, {})
    }
    throw new HttpRefusal(405, 'GET, POST or DELETE', { allow: 'GET, POST, DELETE' })
  }

  /** @throws HttpRefusal 400 without a session, 404 for one that was not issued to this launch: a client then begins anew */
  #session({ caller }: McpPeer, { headers }: IncomingMessage): string {
    const id = headers['mcp-session-id']
    if (typeof id !== 'string') throw new HttpRefusal(400, 'a session id is expected: initialize first')
    if (!this.#parts.credentials.isSession(caller, id)) throw new HttpRefusal(404, 'no such session')
    return id
  }

  #stream(peer: McpPeer, request: IncomingMessage, response: ServerResponse): void {
    if (!/text\/event-stream/i.test(request.headers.accept ?? '')) throw new HttpRefusal(406, 'accept text/event-stream')
    const session = this.#session(peer, request)
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'mcp-session-id': session })
    response.write(`retry: ${RETRY_MS}\n\n`)
    peer.channel.open(session, response)
  }

  async #post(peer: McpPeer, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const message = messageOf(await this.#body(request, response))
    if (response.headersSent) return
    if (message === undefined) return answerJson(response, 400, { jsonrpc: '2.0', id: null, error: INVALID_REQUEST })
    const { id, method, params } = message
    if (method === 'initialize' && id !== undefined) return this.#initialize(peer, { id, params }, response)
    this.#session(peer, request)
    if (method === undefined || id === undefined) {
      if (method === undefined) peer.channel.answered(id)
      response.writeHead(202).end()
      return
    }
    answerJson(response, 200, { jsonrpc: '2.0', id, ...(await this.#answer(peer.caller, method, params)) })
  }

  async #body(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    try {
      return await jsonOf(request, MAX_BODY_BYTES)
    } catch (error) {
      if (!(error instanceof HttpRefusal) || error.status !== 400) throw error
      answerJson(response, 400, { jsonrpc: '2.0', id: null, error: PARSE_ERROR })
      return undefined
    }
  }

  #initialize({ caller }: McpPeer, message: { id: string | number; params: Record<string, unknown> }, response: ServerResponse): void {
    const { credentials, version, nowMs } = this.#parts
    const asked = message.params['protocolVersion']
    const protocolVersion = typeof asked === 'string' && PROTOCOL_VERSIONS.includes(asked) ? asked : PROTOCOL_VERSIONS[0]
    const result = { protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'mosaic-fleet', version } }
    const session = credentials.session(caller, nowMs(), randomBytes(8))
    answerJson(response, 200, { jsonrpc: '2.0', id: message.id, result }, { 'mcp-session-id': session })
  }

  async #answer(caller: ToolCaller, method: string, params: Record<string, unknown>): Promise<RpcReply> {
    const { tools } = this.#parts
    if (method === 'ping') return { result: {} }
    if (method === 'tools/list') {
      const described = tools.list.map(({ readOnly, ...tool }) => ({
        ...tool,
        annotations: { readOnlyHint: readOnly, openWorldHint: false },
      }))
      return { result: { tools: described } }
    }
    if (method !== 'tools/call') return { error: { code: -32601, message: `no method ${JSON.stringify(method.slice(0, 64))}` } }
    const { name } = params
    const answer = typeof name === 'string' ? await tools.call(caller, name, params['arguments'] ?? {}) : undefined
    if (answer !== undefined) return { result: contentOf(answer) }
    return { error: { code: -32602, message: `no such tool; there are: ${tools.list.map((tool) => tool.name).join(', ')}` } }
  }
}
