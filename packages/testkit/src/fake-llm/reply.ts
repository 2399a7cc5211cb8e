/** What the scripted model says: one reply per request, as tests write it and as protocols render it. */

/** Tokens as they are billed: no field contains another. Each protocol renders them in its own terms. */
export interface TokenUsage {
  /** Input that no cache served. */
  input: number
  output: number
  cacheRead: number
  cacheWrite: number
  /** Part of `output` in every protocol. */
  reasoning: number
}

export interface ToolCall {
  name: string
  input: Readonly<Record<string, unknown>>
}

export interface Reply {
  /** Also the message of an error. */
  text?: string
  toolCalls?: readonly ToolCall[]
  /** Before the first byte of the answer, milliseconds. */
  delayMs?: number
  /** Before each piece of streamed content, milliseconds. */
  chunkDelayMs?: number
  /** The second half of a stream is sent when this settles. */
  holdUntil?: Promise<unknown>
  usage?: Partial<TokenUsage>
  /** HTTP status; 400 and above answers with the API's own error shape. */
  status?: number
  /** The API's word for the error. Without a `status` a stream starts well and breaks off with this error in the middle. */
  errorType?: string
  /** Added to the answer's headers: rate limits, `retry-after`. */
  headers?: Readonly<Record<string, string>>
  /** Cuts the connection in the middle of the answer. */
  hangUp?: boolean
  /** Takes the request and stays silent until the client leaves. */
  neverAnswer?: boolean
}

/** A reply with everything decided that a protocol has to render. */
export interface Answer {
  /** Unique in the life of the server; protocols put their prefix before it. */
  id: string
  model: string
  text: string
  toolCalls: readonly (ToolCall & { id: string })[]
  usage: TokenUsage
  /** Epoch seconds. */
  createdAtS: number
}

export interface Failure {
  status: number
  /** Absent: what the API itself uses with this status. */
  type?: string
  message: string
  /** The parameter at fault, where the API names one. */
  param?: string
  /** True when that parameter is not there at all. */
  absent?: boolean
}

const CHARACTERS_PER_TOKEN = 4

/** Roughly what a tokenizer would count. */
export const tokensOf = (text: string): number => Math.ceil(text.length / CHARACTERS_PER_TOKEN)

export function answerOf(reply: Reply, request: { n: number; model: string; inputTokens: number }): Answer {
  const id = `${request.n.toString().padStart(6, '0')}fake${Math.random().toString(36).slice(2, 10).padEnd(8, '0')}`
  const toolCalls = (reply.toolCalls ?? []).map((call, index) => ({ ...call, id: `${id}${index}` }))
  const text = reply.text ?? (toolCalls.length > 0 ? '' : `FAKE-OK #${request.n}`)
  const spoken = text + toolCalls.map((call) => JSON.stringify(call.input)).join('')
  return {
    id,
    model: request.model,
    text,
    toolCalls,
    usage: {
      input: request.inputTokens,
      output: Math.max(1, tokensOf(spoken)),
      cacheRead: 0,
      cacheWrite: 0,
      reasoning: 0,
      ...reply.usage,
    },
    createdAtS: Math.floor(Date.now() / 1000),
  }
}

/** `text` in pieces as a model streams it: at most 200, never half a character. */
export function pieces(text: string): string[] {
  const characters = [...text]
  const size = Math.max(6, Math.ceil(characters.length / 200))
  const out: string[] = []
  for (let at = 0; at < characters.length; at += size) out.push(characters.slice(at, at + size).join(''))
  return out
}
