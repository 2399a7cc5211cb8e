/** What is demanded of a request before anyone looks into it: from where, by whom, how large. */

import type { IncomingMessage, ServerResponse } from 'node:http'

/** An answer that ends a request. */
export class HttpRefusal extends Error {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }
}

/**
 * A page in a browser reaches loopback ports too, under a name of its own that resolves to them, or as another origin:
 * both are told apart by what the browser itself puts into the request.
 * @throws HttpRefusal 403
 */
export function assertLocal({ headers }: IncomingMessage, port: number): void {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`]
  if (!hosts.includes(headers.host ?? '')) throw new HttpRefusal(403, 'this endpoint answers under its loopback address alone')
  const { origin } = headers
  if (origin !== undefined && !hosts.some((host) => origin === `http://${host}`))
    throw new HttpRefusal(403, 'requests of web pages are not answered')
}

/** The bearer token of a request; `undefined` when there is none. */
export function bearerOf({ headers }: IncomingMessage): string | undefined {
  return /^Bearer ([\x21-\x7e]+)$/i.exec(headers.authorization ?? '')?.[1]
}

/** @throws HttpRefusal 413 beyond `maxBytes`; 400 when the sender broke off */
export async function bodyOf(request: IncomingMessage, maxBytes: number): Promise<string> {
  const tooLarge = () => new HttpRefusal(413, `the body has more than ${maxBytes} bytes`, { connection: 'close' })
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge()
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > maxBytes) break
      chunks.push(chunk)
    }
  } catch {
    throw new HttpRefusal(400, 'the request broke off')
  }
  if (bytes > maxBytes) throw tooLarge()
  return Buffer.concat(chunks).toString('utf8')
}

/** @throws HttpRefusal as `bodyOf`; 415 for another type than JSON, 400 for text that is none */
export async function jsonOf(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) throw new HttpRefusal(415, 'send application/json')
  const text = await bodyOf(request, maxBytes)
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new HttpRefusal(400, 'the body is not JSON')
  }
}

export function answerJson(response: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
  if (response.headersSent || response.destroyed) return
  const text = JSON.stringify(body) ?? 'null'
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers })
  response.end(text)
}
