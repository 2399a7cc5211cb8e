import { until } from '@mosaic/testkit/until'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dialogAnswer, KeyParser, type TerminalInput } from './key-parser.ts'

function parse(...chunks: (string | Buffer)[]): TerminalInput[] {
  const inputs: TerminalInput[] = []
  using parser = new KeyParser((input) => inputs.push(input))
  for (const chunk of chunks) parser.push(Buffer.from(chunk))
  return inputs
}

const pasted = (text: string) => `\x1b[200~${text}\x1b[201~`
const key = (name: string) => ({ kind: 'key', key: name })

describe('what comes from a terminal', () => {
  test('is text and keys in their order', () => {
    expect(parse('hé\r\x7f\x1b[A\x1b[3~\x1b\rx\x03')).toEqual([
      { kind: 'text', text: 'hé' },
      key('enter'),
      key('backspace'),
      key('up'),
      key('delete'),
      key('newline'),
      { kind: 'text', text: 'x' },
      key('ctrl-c'),
    ])
  })

  test('is a paste with everything that is in it, and the Enter behind it', () => {
    const text = '/quit\n\t\x03\x1b[A Enter ;'
    expect(parse(`${pasted(text)}\r`)).toEqual([{ kind: 'paste', text }, key('enter')])
  })

  test('is the same however it is cut into pieces', () => {
    const bytes = Buffer.from(`a${pasted('ä\n👩‍👩‍👧 \x1b[2 x')}\rü\x1b[D漢`, 'utf8')
    const whole = parse(bytes)
    const joined = (inputs: TerminalInput[]) =>
      inputs.reduce<TerminalInput[]>((out, input) => {
        const last = out.at(-1)
        if (input.kind === 'text' && last?.kind === 'text') out[out.length - 1] = { kind: 'text', text: last.text + input.text }
        else out.push(input)
        return out
      }, [])
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length]
        const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end))
        expect(joined(parse(...chunks))).toEqual(whole)
      }),
    )
  })

  test('keeps 64 KiB of pasted text exactly', () => {
    const text = Array.from({ length: 5000 }, (_, index) => `line ${index}\t;`).join('\n')
    const bytes = Buffer.from(pasted(text))
    const chunks = Array.from({ length: Math.ceil(bytes.length / 4096) }, (_, index) => bytes.subarray(index * 4096, (index + 1) * 4096))
    expect(parse(...chunks)).toEqual([{ kind: 'paste', text }])
  })

  test('reads the carriage returns that some terminals paste as newlines', () => {
    expect(parse(pasted('a\rb\r\nc'))).toEqual([{ kind: 'paste', text: 'a\nb\nc' }])
  })

  test('is the Escape key when nothing follows an ESC', async () => {
    const inputs: TerminalInput[] = []
    using parser = new KeyParser((input) => inputs.push(input))
    parser.push(Buffer.from('\x1b'))
    await until(() => inputs.length > 0)
    expect(inputs).toEqual([key('escape')])
  })

  test('passes over sequences that mean nothing here, and knows the report of a terminal', () => {
    expect(parse('\x1b[?1;2c\x1b[0n\x1b[1;5Cx')).toEqual([{ kind: 'report' }, { kind: 'text', text: 'x' }])
  })

  test('answers a dialog by single keys only', () => {
    const answers = (data: string) => parse(data).map(dialogAnswer)
    expect(answers('y')).toEqual([true])
    expect(answers('N')).toEqual([false])
    expect(answers('\r\x03')).toEqual([true, false])
    expect(answers(`${pasted('y')}\x1b[A`)).toEqual([undefined, undefined])
  })

  test('never fails, whatever comes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void parse(Buffer.from(bytes))))
  })
})
