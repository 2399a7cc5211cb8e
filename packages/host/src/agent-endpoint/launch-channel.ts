/** One launch as it reaches the endpoint: the streams that its MCP clients hold open, the pings under way, its hooks. */

import type { ServerResponse } from 'node:http'
import type { RuntimeChannel } from '@mosaic/domain/ports/runtime'

/** More are not needed by any runtime; the one that was opened first goes. */
const MAX_STREAMS = 8
/** A client that does not read is not written to any more. */
const MAX_UNREAD_BYTES = 64 * 1024
/** How long a hook's listener may take, milliseconds: the runtime waits for the answer. */
const HOOK_TIMEOUT_MS = 10_000

type HookHandler = (name: string, payload: unknown) => Promise<unknown>

interface Stream {
  session: string
  response: ServerResponse
}

/** After `afterMs`, and not keeping the process alive. */
function timer(afterMs: number, act: () => void): NodeJS.Timeout {
  return setTimeout(act, afterMs).unref()
}

export class LaunchChannel implements RuntimeChannel {
  readonly #streams: Stream[] = []
  readonly #pings = new Map<string, () => void>()
  readonly #handlers: HookHandler[] = []
  readonly #log: (text: string) => void
  #lastPing = 0

  constructor(log: (text: string) => void) {
    this.#log = log
  }

  /** Takes over a stream that the MCP client of `session` reads. */
  open(session: string, response: ServerResponse): void {
    const stream = { session, response }
    this.#streams.push(stream)
    response.once('close', () => {
      const at = this.#streams.indexOf(stream)
      if (at >= 0) this.#streams.splice(at, 1)
    })
    if (this.#streams.length > MAX_STREAMS) this.#streams[0]?.response.destroy()
  }

  get hasStream(): boolean {
    return this.#stream() !== undefined
  }

  get streams(): number {
    return this.#streams.length
  }

  /** Ends the streams of a session that its client gave up, or all. */
  close(session?: string): void {
    for (const stream of [...this.#streams]) if (session === undefined || stream.session === session) stream.response.end()
  }

  /** The launch is over. A reader that does not read would hold a stream that is ended in order. */
  end(): void {
    for (const { response } of [...this.#streams]) response.destroy()
  }

  /** Nothing is said; idle timeouts of clients are kept away. */
  keepAlive(): void {
    for (const { response } of this.#streams) if (response.writableLength < MAX_UNREAD_BYTES) response.write(':\n\n')
  }

  /** A client answered request `id`, by a result or an error: either way it answered. */
  answered(id: unknown): void {
    if (typeof id === 'string') this.#pings.get(id)?.()
  }

  /**
   * Programs that an agent starts can hold streams as well: the session that was begun first is the runtime's own, and of
   * its streams the newest.
   */
  #stream(): Stream | undefined {
    const [first] = this.#streams.map(({ session }) => session).sort()
    return this.#streams.findLast(({ session, response }) => session === first && !response.destroyed)
  }

  ping(timeoutMs: number): Promise<boolean> {
    const stream = this.#stream()
    if (stream === undefined || stream.response.writableLength > MAX_UNREAD_BYTES) return Promise.resolve(false)
    this.#lastPing += 1
    // An answer to a ping of an earlier service must not be taken for one to ours.
    const id = `mosaic-ping-${process.pid}-${this.#lastPing}`
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const settle = (answer: boolean) => {
      clearTimeout(timeout)
      this.#pings.delete(id)
      stream.response.off('close', gone)
      resolve(answer)
    }
    const gone = () => settle(false)
    const timeout = timer(timeoutMs, gone)
    this.#pings.set(id, () => settle(true))
    stream.response.once('close', gone)
    stream.response.write(`event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', id, method: 'ping' })}\n\n`)
    return promise
  }

  onHook(handle: HookHandler): Disposable {
    this.#handlers.push(handle)
    return {
      [Symbol.dispose]: () => {
        const at = this.#handlers.indexOf(handle)
        if (at >= 0) this.#handlers.splice(at, 1)
      },
    }
  }

  /** The newest listener's answer; `{}` when there is none, it fails, or it takes too long. */
  async hook(name: string, payload: unknown): Promise<unknown> {
    const handle = this.#handlers.at(-1)
    if (handle === undefined) return {}
    const { promise: late, resolve } = Promise.withResolvers<unknown>()
    const timeout = timer(HOOK_TIMEOUT_MS, () => {
      this.#log(`hook ${name}: not answered within ${HOOK_TIMEOUT_MS / 1000} s`)
      resolve({})
    })
    try {
      return (await Promise.race([handle(name, payload), late])) ?? {}
    } catch (error) {
      this.#log(`hook ${name}: ${(error as Error).message}`)
      return {}
    } finally {
      clearTimeout(timeout)
    }
  }
}
