/** A WebSocket of texts over a Unix socket. Node's own client cannot reach one. */

import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import type { Duplex } from 'node:stream'
import { clientFrame, type Frame, FrameReader, OPCODE } from './frames.ts'

/** More than any conversation says at once. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024

export interface TextSocket {
  send(text: string): void
  close(): void
}

export interface TextSocketEvents {
  text(text: string): void
  /** Once, however it ended. */
  closed(): void
}

/** Texts out of frames, pings answered. */
function receive(stream: Duplex, events: TextSocketEvents, limitBytes: number): (bytes: Buffer) => void {
  const reader = new FrameReader(limitBytes)
  let parts: Buffer[] = []
  let size = 0
  const take = ({ opcode, payload, final }: Frame) => {
    if (opcode === OPCODE.ping) stream.write(clientFrame(OPCODE.pong, payload))
    else if (opcode === OPCODE.close) stream.destroy()
    else if (opcode === OPCODE.text || opcode === OPCODE.continuation) {
      parts.push(payload)
      size += payload.length
      if (size > limitBytes) throw new Error(`a text has more than ${limitBytes} bytes`)
      if (!final) return
      const text = Buffer.concat(parts).toString('utf8')
      parts = []
      size = 0
      events.text(text)
    }
  }
  return (bytes) => {
    if (stream.destroyed) return
    try {
      for (const frame of reader.push(bytes)) take(frame)
    } catch {
      stream.destroy()
    }
  }
}

/**
 * @param limitBytes of one text; a server that sends a longer one is left
 * @throws Error when nothing listens there, or something that speaks another language
 */
export function openTextSocket(socketPath: string, events: TextSocketEvents, limitBytes = MAX_MESSAGE_BYTES): Promise<TextSocket> {
  return new Promise((resolve, reject) => {
    const handshake = request({
      socketPath,
      path: '/',
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
      },
    })
    handshake.once('error', reject)
    handshake.once('response', ({ statusCode, socket }) => {
      socket.destroy()
      reject(new Error(`no WebSocket: HTTP ${statusCode}`))
    })
    handshake.once('upgrade', (_response, stream, early) => {
      const take = receive(stream, events, limitBytes)
      stream.on('data', take)
      stream.on('error', () => {})
      stream.once('close', () => events.closed())
      resolve({ send: (text) => stream.write(clientFrame(OPCODE.text, Buffer.from(text))), close: () => stream.destroy() })
      if (early.length > 0) take(early)
    })
    handshake.end()
  })
}
