/** WebSocket frames (RFC 6455) as an app-server sends and takes them: text, in any number of pieces, and pings. */

import { randomBytes } from 'node:crypto'

export const OPCODE = { continuation: 0, text: 1, close: 8, ping: 9, pong: 10 } as const

export interface Frame {
  final: boolean
  opcode: number
  payload: Buffer
}

function head(opcode: number, length: number): Buffer {
  const first = 0x80 | opcode
  if (length < 126) return Buffer.from([first, 0x80 | length])
  if (length < 0x1_0000) {
    const out = Buffer.from([first, 0x80 | 126, 0, 0])
    out.writeUInt16BE(length, 2)
    return out
  }
  const out = Buffer.alloc(10)
  out[0] = first
  out[1] = 0x80 | 127
  out.writeBigUInt64BE(BigInt(length), 2)
  return out
}

/** One whole frame of a client: masked, as the protocol asks of clients. */
export function clientFrame(opcode: number, payload: Buffer): Buffer {
  const mask = randomBytes(4)
  const masked = Buffer.from(payload)
  for (let at = 0; at < masked.length; at += 1) masked[at] = (masked[at] ?? 0) ^ (mask[at & 3] ?? 0)
  return Buffer.concat([head(opcode, payload.length), mask, masked])
}

/** Where the payload of the frame at the start of `bytes` begins and how long it is; `undefined` until that is known. */
function layout(bytes: Buffer): { start: number; length: number } | undefined {
  const short = (bytes[1] ?? 0) & 0x7f
  const start = short < 126 ? 2 : short === 126 ? 4 : 10
  if (bytes.length < start) return undefined
  return { start, length: short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2)) }
}

/** Takes bytes as they come and gives the frames in them. A server masks nothing. */
export class FrameReader {
  readonly #limitBytes: number
  #pieces: Buffer[] = []
  #size = 0
  /** Fewer bytes than this hold no whole frame: what is large is joined once, not with every piece. */
  #needed = 2

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** @throws Error for a frame above the limit */
  push(bytes: Buffer): Frame[] {
    this.#pieces.push(bytes)
    this.#size += bytes.length
    if (this.#size < this.#needed) return []
    let rest = Buffer.concat(this.#pieces)
    const frames: Frame[] = []
    for (this.#needed = 2; rest.length >= this.#needed; ) {
      const at = layout(rest)
      this.#needed = at === undefined ? rest.length + 1 : at.start + at.length
      if (this.#needed > this.#limitBytes) throw new Error(`a frame has ${this.#needed} bytes`)
      if (at === undefined || rest.length < this.#needed) break
      const first = rest[0] ?? 0
      frames.push({ final: (first & 0x80) !== 0, opcode: first & 0xf, payload: rest.subarray(at.start, this.#needed) })
      rest = rest.subarray(this.#needed)
      this.#needed = 2
    }
    this.#pieces = [rest]
    this.#size = rest.length
    return frames
  }
}
