/**
 * The link: newline-delimited JSON over a unix socket, from the host service to one runtime's process.
 * `{"id":1,"op":"ask"}` is answered by `{"id":1,"ok":true,"value":...}` or `{"id":1,"ok":false,"error":"..."}`.
 */

/** Longest line, bytes. The largest message made visible (six bytes for one) and escaped as JSON stays below it. */
export const MAX_LINK_LINE_BYTES = 1024 * 1024

/** The error for an op that the runtime does not have. */
export const UNKNOWN_OP = 'unknown op'

export interface LinkRequest {
  id: number
  op: string
  [field: string]: unknown
}

export interface DeliverRequest {
  messageId: string
  /** Exactly what the runtime is to get, preamble included. */
  text: string
  urgent: boolean
}

export type LinkAnswer = { id: number; ok: true; value: unknown } | { id: number | null; ok: false; error: string }

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

export function parseRequest(line: string): LinkRequest | undefined {
  const value = jsonOf(line)
  return isRecord(value) && Number.isSafeInteger(value['id']) && typeof value['op'] === 'string' ? (value as LinkRequest) : undefined
}

export function parseAnswer(line: string): LinkAnswer | undefined {
  const value = jsonOf(line)
  return isRecord(value) && typeof value['ok'] === 'boolean' && 'id' in value ? (value as LinkAnswer) : undefined
}

export function parseDeliver(request: LinkRequest): DeliverRequest | undefined {
  const { messageId, text, urgent } = request
  return typeof messageId === 'string' && typeof text === 'string' ? { messageId, text, urgent: urgent === true } : undefined
}

/** Cuts a stream of bytes into lines. `false` from `push`: a line is longer than the bound, and the stream is of no use any more. */
export class LineSplitter {
  readonly #onLine: (line: string) => void
  readonly #parts: Buffer[] = []
  #length = 0

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  push(chunk: Buffer): boolean {
    let at = 0
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, at)) {
      this.#parts.push(chunk.subarray(at, end))
      const line = Buffer.concat(this.#parts)
      this.#parts.length = 0
      this.#length = 0
      at = end + 1
      if (line.length > MAX_LINK_LINE_BYTES) return false
      if (line.length > 0) this.#onLine(line.toString('utf8'))
    }
    this.#parts.push(chunk.subarray(at))
    this.#length += chunk.length - at
    return this.#length <= MAX_LINK_LINE_BYTES
  }
}
