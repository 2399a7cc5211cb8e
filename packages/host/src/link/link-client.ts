/** The host service's end of the link. A silent, frozen or absent runtime is an answer too: none. */

import { connect } from 'node:net'
import { LineSplitter, parseAnswer } from './link-protocol.ts'

export type LinkReply =
  | { got: 'value'; value: unknown }
  /** It said no. */
  | { got: 'error'; error: string }
  /** Nobody took the request: nothing of it reached the runtime. */
  | { got: 'unreachable' }
  /** It was handed over, and no answer came in time. Whether it is acted on is not known. */
  | { got: 'silence' }

/** A connection per request: a late answer has nobody to be taken for, and a restarted peer needs no second thought. */
export class LinkClient {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** Never throws and never takes longer than `timeoutMs`. */
  request(op: string, fields: Readonly<Record<string, unknown>>, timeoutMs: number): Promise<LinkReply> {
    return new Promise((resolve) => {
      const socket = connect(this.#path)
      let sent = false
      const settle = (reply: LinkReply) => {
        clearTimeout(timer)
        socket.destroy()
        resolve(reply)
      }
      const lost = () => settle({ got: sent ? 'silence' : 'unreachable' })
      const timer = setTimeout(lost, timeoutMs)
      const lines = new LineSplitter((line) => {
        const answer = parseAnswer(line)
        if (answer?.id !== 1) return
        settle(answer.ok ? { got: 'value', value: answer.value } : { got: 'error', error: answer.error })
      })
      socket.on('connect', () => {
        sent = true
        socket.write(`${JSON.stringify({ ...fields, id: 1, op })}\n`)
      })
      socket.on('data', (chunk: Buffer) => {
        if (!lines.push(chunk)) lost()
      })
      socket.on('error', lost)
      socket.on('close', lost)
    })
  }
}
