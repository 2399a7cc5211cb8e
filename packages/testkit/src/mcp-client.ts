/** An MCP client over streamable HTTP, as runtimes have one: it initializes, calls tools, holds a stream open, and answers pings. */

export interface McpReply {
  status: number
  session: string | null
  body: { result?: Record<string, unknown>; error?: { code: number; message: string } } & Record<string, unknown>
}

export interface McpClientOptions {
  /** `http://127.0.0.1:PORT` */
  url: string
  token: string
  /** False: it reads its stream and answers nothing, as one that hangs. */
  answersPings?: boolean
}

export class McpClient implements Disposable {
  readonly #options: McpClientOptions
  #lastId = 0
  session: string | null = null
  /** Requests of the server so far. */
  readonly asked: string[] = []
  #ending: AbortController | undefined

  constructor(options: McpClientOptions) {
    this.#options = options
  }

  async post(message: object, headers: Readonly<Record<string, string>> = {}): Promise<McpReply> {
    const response = await fetch(`${this.#options.url}/mcp`, {
      method: 'POST',
      body: JSON.stringify(message),
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${this.#options.token}`,
        ...(this.session === null ? {} : { 'mcp-session-id': this.session }),
        ...headers,
      },
    })
    const text = await response.text()
    const body = text === '' ? {} : (JSON.parse(text) as McpReply['body'])
    return { status: response.status, session: response.headers.get('mcp-session-id'), body }
  }

  request(method: string, params: object = {}): Promise<McpReply> {
    this.#lastId += 1
    return this.post({ jsonrpc: '2.0', id: this.#lastId, method, params })
  }

  async initialize(protocolVersion = '2025-06-18'): Promise<McpReply> {
    this.session = null
    const reply = await this.request('initialize', { protocolVersion, capabilities: {}, clientInfo: { name: 'test', version: '1' } })
    this.session = reply.session
    await this.post({ jsonrpc: '2.0', method: 'notifications/initialized' })
    return reply
  }

  /** What a tool answered: its text, read as JSON where it is no error. */
  async call(name: string, input: object = {}): Promise<{ isError: boolean; text: string; structured: Record<string, unknown> }> {
    const { body } = await this.request('tools/call', { name, arguments: input })
    const { content, isError, structuredContent } = body.result as {
      content: { text: string }[]
      isError: boolean
      structuredContent?: Record<string, unknown>
    }
    return { isError, text: content.map(({ text }) => text).join(''), structured: structuredContent ?? {} }
  }

  /** Opens the stream, and resolves with the status once it is open or refused. */
  async listen(): Promise<number> {
    this.#ending?.abort()
    const ending = new AbortController()
    this.#ending = ending
    const response = await fetch(`${this.#options.url}/mcp`, {
      signal: ending.signal,
      headers: { accept: 'text/event-stream', authorization: `Bearer ${this.#options.token}`, 'mcp-session-id': this.session ?? '' },
    })
    if (response.ok) void this.#read(response).catch(() => {})
    else await response.text()
    return response.status
  }

  async #read(response: Response): Promise<void> {
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of response.body ?? []) {
      const events = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n\n')
      rest = events.pop() ?? ''
      for (const event of events) {
        const data = /^data: (.*)$/m.exec(event)?.[1]
        if (data !== undefined) await this.#heed(JSON.parse(data) as { id: string; method: string })
      }
    }
  }

  async #heed({ id, method }: { id: string; method: string }): Promise<void> {
    this.asked.push(method)
    if (method === 'ping' && this.#options.answersPings !== false) await this.post({ jsonrpc: '2.0', id, result: {} })
  }

  [Symbol.dispose](): void {
    this.#ending?.abort()
  }
}
