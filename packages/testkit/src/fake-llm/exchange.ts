/** One answer on the wire: pace, stream, error, or a connection that is cut. */

import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Body, Frame, Protocol } from './protocol.ts'
import { type Answer, answerOf, type Failure, type Reply, tokensOf } from './reply.ts'
import type { RequestOutcome } from './request-log.ts'
import type { ModelRequest } from './script.ts'

/** Rejects as soon as the client is gone. */
const pause = async (ms: number | undefined, gone: AbortSignal): Promise<void> => {
  if (ms !== undefined && ms > 0) await sleep(ms, undefined, { signal: gone })
  gone.throwIfAborted()
}

const silence = (gone: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (gone.aborted) reject(gone.reason)
    gone.addEventListener('abort', () => reject(gone.reason), { once: true })
  })

const render = (frame: Frame): string =>
  `${frame.event === undefined ? '' : `event: ${frame.event}\n`}data: ${typeof frame.data === 'string' ? frame.data : JSON.stringify(frame.data)}\n\n`

/** Settles when the bytes have left this process, so that a cut after it is a cut in the middle; rejects when the client is gone. */
const write = (response: ServerResponse, text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    response.write(text, (error) => (error ? reject(error) : resolve()))
  })

export function sendJson(response: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

export interface Exchange {
  protocol: Protocol
  request: ModelRequest
  body: Body
  reply: Reply
  response: ServerResponse
  /** Aborted when the client or the server goes. */
  gone: AbortSignal
}

const failureOf = (reply: Reply, status: number): Failure => ({
  status,
  message: reply.text ?? `scripted error ${status}`,
  ...(reply.errorType === undefined ? {} : { type: reply.errorType }),
})

/** Errors that are answered instead of a model's words; `undefined` when the model speaks. */
function errorStatus({ reply, request, protocol }: Exchange): number | undefined {
  if (reply.status !== undefined) return reply.status >= 400 ? reply.status : undefined
  return reply.errorType !== undefined && !request.stream ? protocol.statusOf(reply.errorType) : undefined
}

/** @throws the abort reason when the client leaves first */
export async function answer(exchange: Exchange): Promise<RequestOutcome> {
  const { protocol, request, body, reply, response, gone } = exchange
  if (reply.neverAnswer === true) return silence(gone)
  await pause(reply.delayMs, gone)
  const status = errorStatus(exchange)
  if (status !== undefined) {
    sendJson(response, status, protocol.failure(failureOf(reply, status)), reply.headers)
    return 'failed'
  }
  const inputTokens = tokensOf(JSON.stringify(body))
  const said = answerOf(reply, { n: request.n, model: request.model, inputTokens })
  return request.stream ? stream(exchange, said) : document(exchange, said)
}

async function document({ protocol, reply, response }: Exchange, said: Answer): Promise<RequestOutcome> {
  const text = JSON.stringify(protocol.whole(said))
  const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)), ...reply.headers }
  response.writeHead(reply.status ?? 200, headers)
  if (reply.hangUp !== true) {
    response.end(text)
    return 'answered'
  }
  await write(response, text.slice(0, text.length >> 1))
  response.destroy()
  return 'hung-up'
}

async function stream({ protocol, body, reply, response, gone }: Exchange, said: Answer): Promise<RequestOutcome> {
  response.writeHead(reply.status ?? 200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    ...reply.headers,
  })
  const frames = protocol.frames(said, body)
  const breaksOff = reply.hangUp === true || reply.errorType !== undefined
  const sent = breaksOff ? frames.slice(0, frames.length >> 1) : frames
  const half = sent.length >> 1
  for (const [index, frame] of sent.entries()) {
    if (index === half && reply.holdUntil !== undefined) await Promise.race([reply.holdUntil, silence(gone)])
    if (frame.paced) await pause(reply.chunkDelayMs, gone)
    await write(response, render(frame))
  }
  if (reply.hangUp === true) {
    response.destroy()
    return 'hung-up'
  }
  if (reply.errorType === undefined) {
    response.end()
    return 'answered'
  }
  const failed = failureOf(reply, protocol.statusOf(reply.errorType))
  response.end(render(protocol.broken(failed, said, sent.length)))
  return 'failed'
}
