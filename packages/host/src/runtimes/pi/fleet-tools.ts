/** The fleet's tools in pi: each call is one request to the agent's endpoint in the host service. */

import { randomBytes } from 'node:crypto'
import { messageId } from '@mosaic/domain/message-text'
import { TOKEN_VARIABLE, URL_VARIABLE } from '../../agent-endpoint/variables.ts'
import type { PiApi, PiToolResult } from './pi-api.ts'
import { readTools } from './tools-file.ts'

/** A service that is being restarted is waited for, milliseconds. */
const RETRY_FOR_MS = 10_000
const RETRY_EVERY_MS = 500
/** A tool may wait by itself for half a minute, milliseconds. */
const CALL_TIMEOUT_MS = 60_000

/** What a service says that is starting, or has too much to do just now. */
const PASSING = new Set([429, 503])

interface Reply {
  text: string
  isError: boolean
  structured?: unknown
}

export interface Endpoint {
  url: string
  token: string
  retryForMs?: number
}

/** `undefined` outside a fleet. */
export function endpointOf(env: Readonly<Record<string, string | undefined>>): Endpoint | undefined {
  const [url, token] = [env[URL_VARIABLE], env[TOKEN_VARIABLE]]
  return url === undefined || url === '' || token === undefined || token === '' ? undefined : { url, token }
}

/** One try; `undefined` when the service was not there. The same id again is the same call. */
async function post(
  endpoint: Endpoint,
  tool: string,
  input: unknown,
  callId: string,
  signal: AbortSignal | undefined,
): Promise<Reply | undefined> {
  let response: Response
  try {
    response = await fetch(`${endpoint.url}/tool/${tool}`, {
      method: 'POST',
      body: JSON.stringify(input ?? {}),
      headers: { 'content-type': 'application/json', authorization: `Bearer ${endpoint.token}`, 'idempotency-key': callId },
      signal: AbortSignal.any([AbortSignal.timeout(CALL_TIMEOUT_MS), ...(signal === undefined ? [] : [signal])]),
    })
    if (PASSING.has(response.status)) return undefined
    if (response.ok) return (await response.json()) as Reply
  } catch (error) {
    if (signal?.aborted === true) throw error
    return undefined
  }
  if (response.status === 401) throw new Error(`${tool} was refused: this launch is not known to its fleet any more`)
  throw new Error(`${tool} was refused by the host service (HTTP ${response.status})`)
}

/** @throws Error with the words for the model when it was not done */
export async function callTool(endpoint: Endpoint, tool: string, input: unknown, signal: AbortSignal | undefined): Promise<Reply> {
  const callId = messageId(Date.now(), randomBytes(10))
  const endMs = performance.now() + (endpoint.retryForMs ?? RETRY_FOR_MS)
  for (;;) {
    const reply = await post(endpoint, tool, input, callId, signal)
    if (reply?.isError === true) throw new Error(reply.text)
    if (reply !== undefined) return reply
    if (performance.now() > endMs)
      throw new Error(`${tool} was not answered: the fleet's host service is away. Go on with other work and try again in a minute`)
    await new Promise((resolve) => setTimeout(resolve, RETRY_EVERY_MS))
    signal?.throwIfAborted()
  }
}

const resultOf = ({ text, structured }: Reply): PiToolResult => ({ content: [{ type: 'text', text }], details: structured })

/** Registers every tool of the fleet; none outside one. */
export function registerFleetTools(pi: PiApi, endpoint: Endpoint | undefined, stateDirectory: string): void {
  if (endpoint === undefined) return
  for (const { name, title, description, inputSchema } of readTools(stateDirectory)) {
    pi.registerTool({
      name,
      label: title,
      description,
      parameters: inputSchema,
      execute: async (_id, input, signal) => resultOf(await callTool(endpoint, name, input, signal)),
    })
  }
}
