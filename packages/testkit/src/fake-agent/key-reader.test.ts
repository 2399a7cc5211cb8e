import { describe, expect, test } from 'vitest'
import { randomFrom } from './garbage.ts'
import { type Input, KeyReader } from './key-reader.ts'

const STREAM = Buffer.from(
  'ab\tc\nd\r\u007f\u0003\u001b[200~one\rtwo\n\u001b[201 not the end ä👩‍🚀;\u001b[201~\r\u001b[?1;2c\u001b[A\u001bOPx\u001b]11;rgb:0/0/0\u001b\\\u001bP1$r0m\u001b\\\u001bz\u001b[200~\u001b[201~end',
)

/** Inputs with neighbouring texts joined: where a run of text is cut is nobody's concern. */
function joined(inputs: readonly Input[]): unknown[] {
  const out: unknown[][] = []
  for (const input of inputs) {
    const last = out.at(-1)
    const text = 'bytes' in input ? input.bytes.toString('latin1') : ''
    if (input.kind === 'text' && last?.[0] === 'text') last[1] += text
    else out.push(text === '' && input.kind !== 'paste' ? [input.kind] : [input.kind, text])
  }
  return out
}

describe('the key reader', () => {
  const whole = joined(new KeyReader().push(STREAM))

  test('it tells text, keys and pastes apart, and drops every other sequence', () => {
    const paste = Buffer.from('one\rtwo\n\u001b[201 not the end ä👩‍🚀;').toString('latin1')
    expect(whole).toEqual([
      ['text', 'ab\tc\nd'],
      ['enter'],
      ['backspace'],
      ['interrupt'],
      ['paste', paste],
      ['enter'],
      ['text', 'x'],
      ['paste', ''],
      ['text', 'end'],
    ])
  })

  test('byte by byte it reads the same', () => {
    const reader = new KeyReader()
    expect(joined([...STREAM].flatMap((byte) => reader.push(Buffer.from([byte]))))).toEqual(whole)
  })

  test('however the stream is cut it reads the same', () => {
    const random = randomFrom(7)
    for (let round = 0; round < 200; round += 1) {
      const reader = new KeyReader()
      const inputs: Input[] = []
      for (let at = 0; at < STREAM.length; ) {
        const size = 1 + Math.floor(random() * 20)
        inputs.push(...reader.push(STREAM.subarray(at, at + size)))
        at += size
      }
      expect(joined(inputs)).toEqual(whole)
    }
  })

  test('a paste of a mebibyte arrives exactly', () => {
    const text = 'x'.repeat(1024 * 1024)
    const bytes = Buffer.from(`\u001b[200~${text}\u001b[201~\r`)
    const reader = new KeyReader()
    const inputs: Input[] = []
    for (let at = 0; at < bytes.length; at += 4096) inputs.push(...reader.push(bytes.subarray(at, at + 4096)))
    expect(inputs.map((input) => input.kind)).toEqual(['paste', 'enter'])
    expect(joined(inputs)[0]).toEqual(['paste', text])
  })

  test('a sequence without an end does not swallow the keyboard for ever', () => {
    const reader = new KeyReader()
    reader.push(Buffer.from(`\u001b]0;${'x'.repeat(5000)}`))
    expect(reader.push(Buffer.from('\r')).at(-1)).toEqual({ kind: 'enter' })
  })
})
