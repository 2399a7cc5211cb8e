import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  isMessageId,
  isSettled,
  MAX_MESSAGE_BYTES,
  type Message,
  messageId,
  messageIdOf,
  messageText,
  nextReceiptState,
  preamble,
  RECEIPT_EVENTS,
  RECEIPT_STATES,
  RECEIPT_TABLE,
  type ReceiptState,
  renderMessage,
  utf8Length,
} from './message.ts'

const rough = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }),
  fc
    .array(
      fc.constantFrom(
        '\u001b[201~',
        '\u001b[200~',
        '\u009b201~',
        '\u0003',
        '\u0004',
        '\r',
        '\r\n',
        '\t',
        '\n',
        '\u0000',
        '\u007f',
        '\ud800',
        'C-c',
        ';',
        '-',
        '"$(id)"',
        '😀',
      ),
      {
        minLength: 1,
        maxLength: 40,
      },
    )
    .map((parts) => parts.join('')),
)

describe('the text of a message', () => {
  test('holds no control character but newline and tab, whatever was sent', () => {
    fc.assert(
      fc.property(rough, (content) => {
        const text = messageText(content)
        expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/)
        expect(text.isWellFormed()).toBe(true)
      }),
    )
  })

  test('keeps every newline, tab and other character in its place', () => {
    fc.assert(
      fc.property(rough, (content) => {
        const kept = (text: string) => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]|␛|[\u2400-\u2426]|‹U\+00[0-9A-F]{2}›/g, '')
        expect(kept(messageText(content))).toBe(kept(content.toWellFormed()))
      }),
    )
  })

  test('is what was sent when that is plain text', () => {
    for (const text of ['x', '-n', '--help', 'a;', 'C-c Enter', '$(reboot) `id` "\'', 'ta\tb\nnew\n', '😀 naïve Ω', ' '])
      expect(messageText(text)).toBe(text)
  })

  test('shows what could have ended a paste, pressed a key or moved the cursor', () => {
    expect(messageText('a\u001b[201~b\u0003\r\u007f')).toBe('a␛[201~b␃␍␡')
    expect(messageText('\u009b201~')).toBe('‹U+009B›201~')
  })

  test.each([
    ['bytes', 'a', 1],
    ['two bytes', 'é', 2],
    ['three bytes', '€', 3],
    ['four bytes', '😀', 4],
  ])('may have exactly 65,536 bytes of characters of %s, and not one more', (_, char, size) => {
    const fits = char.repeat(Math.floor(MAX_MESSAGE_BYTES / size)) + 'a'.repeat(MAX_MESSAGE_BYTES % size)
    expect(Buffer.byteLength(fits)).toBe(MAX_MESSAGE_BYTES)
    expect(messageText(fits)).toBe(fits)
    expect(() => messageText(`${fits}a`)).toThrow(
      expect.objectContaining({ code: 'invalid', reason: 'too-large', message: expect.stringContaining('65537') }),
    )
  })

  test('is measured before anything is made visible, so that control characters do not shrink it', () => {
    expect(messageText('\u0000'.repeat(MAX_MESSAGE_BYTES))).toBe('␀'.repeat(MAX_MESSAGE_BYTES))
  })

  test('must not be empty', () => {
    expect(() => messageText('')).toThrow(expect.objectContaining({ code: 'invalid', mend: expect.any(String) }))
  })

  test('is measured as UTF-8 counts it', () => {
    fc.assert(fc.property(rough, (text) => utf8Length(text) === Buffer.byteLength(text)))
  })
})

describe('a message id', () => {
  const random = fc.uint8Array({ minLength: 10, maxLength: 10 })
  const time = fc.integer({ min: 0, max: 2 ** 48 - 1 })

  test('has 26 characters that are safe everywhere', () => {
    fc.assert(fc.property(time, random, (nowMs, bytes) => isMessageId(messageId(nowMs, bytes)) && messageId(nowMs, bytes).length === 26))
  })

  test('sorts as text in the order of time', () => {
    fc.assert(
      fc.property(time, time, random, random, (a, b, first, second) => {
        if (a === b) return
        expect(messageId(a, first) < messageId(b, second)).toBe(a < b)
      }),
    )
  })

  test('differs when the randomness does', () => {
    fc.assert(
      fc.property(time, random, random, (nowMs, a, b) => (messageId(nowMs, a) === messageId(nowMs, b)) === (Buffer.compare(a, b) === 0)),
    )
  })

  test('is told from other text', () => {
    const id = messageId(1, new Uint8Array(10))
    for (const text of ['', id.slice(1), `${id}0`, id.toUpperCase().replace('0', 'A'), id.replace('0', 'u'), `${id}\n`])
      expect(isMessageId(text)).toBe(false)
  })
})

describe('the preamble', () => {
  const session = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,20}$/)
  const address = fc.record({
    tenant_id: fc.stringMatching(/^[a-z][a-z.-]{0,10}$/),
    host: fc.stringMatching(/^[a-z][a-z0-9]{0,10}$/),
    session,
  })
  const messages: fc.Arbitrary<Message> = fc.record({
    id: fc.tuple(fc.nat(), fc.uint8Array({ minLength: 10, maxLength: 10 })).map(([nowMs, bytes]) => messageId(nowMs, bytes)),
    from: address,
    to: address,
    text: fc.string({ unit: 'binary', minLength: 1 }).map(messageText),
    urgent: fc.boolean(),
    createdAtMs: fc.nat(),
    deadlineAtMs: fc.constant(undefined),
  })

  test('gives its id back from the rendered message', () => {
    fc.assert(fc.property(messages, (message) => messageIdOf(renderMessage(message)) === message.id))
  })

  test('is one line above the text, which follows byte for byte', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const rendered = renderMessage(message)
        expect(rendered.slice(0, rendered.indexOf('\n'))).toBe(preamble(message))
        expect(rendered.slice(rendered.indexOf('\n') + 1)).toBe(message.text)
      }),
    )
  })

  test('is not found in text that merely speaks of one', () => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(messageIdOf(`see ${preamble(message)}`)).toBeUndefined()
        expect(messageIdOf(`\n${preamble(message)}`)).toBeUndefined()
      }),
    )
    for (const text of ['', '[a -> b]', '[a -> b #short]', '[a b -> c #00000000000000000000000000]'])
      expect(messageIdOf(text)).toBeUndefined()
  })

  test('of a message counts, not one that its content imitates', () => {
    fc.assert(
      fc.property(
        messages,
        messages,
        (message, forged) => messageIdOf(renderMessage({ ...message, text: renderMessage(forged) })) === message.id,
      ),
    )
  })
})

describe('the table of receipts', () => {
  test('answers every event in every state', () => {
    expect(Object.keys(RECEIPT_TABLE).sort()).toEqual([...RECEIPT_STATES].sort())
    for (const state of RECEIPT_STATES) {
      expect(Object.keys(RECEIPT_TABLE[state]).sort()).toEqual([...RECEIPT_EVENTS].sort())
      for (const event of RECEIPT_EVENTS) expect([undefined, ...RECEIPT_STATES]).toContain(nextReceiptState(state, event))
    }
  })

  test('never leaves accepted, and leaves refused and unconfirmed only for a late acceptance', () => {
    for (const event of RECEIPT_EVENTS) {
      expect(nextReceiptState('accepted', event)).toBeUndefined()
      for (const state of ['refused', 'unconfirmed'] as const)
        expect(nextReceiptState(state, event)).toBe(event === 'accept' ? 'accepted' : undefined)
    }
  })

  test('says accepted on the runtime’s word alone', () => {
    for (const state of RECEIPT_STATES) {
      for (const event of RECEIPT_EVENTS) if (nextReceiptState(state, event) === 'accepted') expect(event).toBe('accept')
    }
  })

  test('lets every unsettled message end, so that a sender always gets an answer', () => {
    for (const state of RECEIPT_STATES) {
      const expired = nextReceiptState(state, 'expire') ?? state
      expect(isSettled(expired)).toBe(true)
    }
  })

  test('never says refused of what may have arrived', () => {
    const mayHaveArrived: readonly ReceiptState[] = ['injecting', 'injected', 'unconfirmed']
    for (const event of RECEIPT_EVENTS) {
      for (const state of mayHaveArrived) expect(nextReceiptState(state, event)).not.toBe('refused')
      for (const state of RECEIPT_STATES) expect(nextReceiptState(state, event, 1)).not.toBe('refused')
    }
    expect([nextReceiptState('stored', 'refuse'), nextReceiptState('stored', 'expire')]).toEqual(['refused', 'refused'])
  })

  test('hands a message over again only after the one that had it ended or typed nothing', () => {
    for (const state of RECEIPT_STATES) {
      for (const event of RECEIPT_EVENTS) {
        if (nextReceiptState(state, event) === 'injecting') expect([state, event]).toEqual(['stored', 'claim'])
        if (nextReceiptState(state, event) === 'stored') expect(['requeue', 'postpone']).toContain(event)
      }
    }
    expect(nextReceiptState('injected', 'postpone')).toBeUndefined()
  })
})
