import { describe, expect, test } from 'vitest'
import { clientFrame, FrameReader, OPCODE } from './frames.ts'

/** As a server sends it: unmasked. */
function serverFrame(payload: Buffer, final = true, opcode: number = OPCODE.text): Buffer {
  const first = (final ? 0x80 : 0) | opcode
  const { length } = payload
  if (length < 126) return Buffer.concat([Buffer.from([first, length]), payload])
  if (length < 0x1_0000) return Buffer.concat([Buffer.from([first, 126, length >> 8, length & 255]), payload])
  const head = Buffer.alloc(10)
  head[0] = first
  head[1] = 127
  head.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([head, payload])
}

describe('frames', () => {
  test.each([0, 1, 125, 126, 65_535, 65_536, 200_000])('of %i bytes are read, however they are cut', (length) => {
    const payload = Buffer.alloc(length, 'x')
    const bytes = Buffer.concat([serverFrame(payload), serverFrame(Buffer.from('next'))])
    for (const cut of [1, 2, 3, 9, 11, 4096, bytes.length]) {
      const reader = new FrameReader(1_000_000)
      const frames = []
      const step = Math.max(cut, Math.ceil(bytes.length / 500))
      for (let at = 0; at < bytes.length; at += step) frames.push(...reader.push(bytes.subarray(at, at + step)))
      expect(frames.map((frame) => frame.payload.length)).toEqual([length, 4])
      expect(frames[0]?.payload.equals(payload)).toBe(true)
    }
  })

  test('say whether they are the last of a text', () => {
    const reader = new FrameReader(1000)
    const frames = reader.push(
      Buffer.concat([serverFrame(Buffer.from('a'), false), serverFrame(Buffer.from('b'), true, OPCODE.continuation)]),
    )
    expect(frames.map(({ final, opcode }) => [final, opcode])).toEqual([
      [false, OPCODE.text],
      [true, OPCODE.continuation],
    ])
  })

  test('above the limit are refused before they are held', () => {
    expect(() => new FrameReader(1000).push(serverFrame(Buffer.alloc(2000)).subarray(0, 20))).toThrow(/2004/)
  })

  test.each([5, 126, 70_000])('of a client, %i bytes, are masked and give the payload back', (length) => {
    const payload = Buffer.alloc(length, 'payload ')
    const frame = clientFrame(OPCODE.text, payload)
    expect((frame[1] ?? 0) & 0x80).toBe(0x80)
    const start = frame.length - length
    const mask = frame.subarray(start - 4, start)
    const plain = Buffer.from(frame.subarray(start).map((byte, at) => byte ^ (mask[at & 3] ?? 0)))
    expect(plain.equals(payload)).toBe(true)
  })
})
