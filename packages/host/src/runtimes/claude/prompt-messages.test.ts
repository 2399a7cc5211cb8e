import { expect, it } from 'vitest'
import { messagesIn } from './prompt-messages.ts'

const A = '01m8cm1d3b3th0rn6vynfjnc34'
const B = '01m8cm1fft3pr8s1bwyc7msfjz'
const message = (id: string, text: string) => ({ id, text: `[t@h:a -> t@h:b #${id}]\n${text}`, begun: 0 })

const one = message(A, 'one')
const two = message(B, 'two')

it('finds every message of a prompt that a person put together from several, its head last', () => {
  expect(messagesIn(`${one.text}\n${two.text}`, [one, two])).toEqual([B, A])
  expect(messagesIn(`first this:\n${one.text}\n${two.text}`, [one, two])).toEqual([A, B])
})

it.each([
  ['tabs', message(B, '\ttwo\tthree'), `[t@h:a -> t@h:b #${B}]\n    two    three`],
  ['blanks at its end', message(B, 'two \n\n'), `[t@h:a -> t@h:b #${B}]\ntwo`],
  ['characters that can be composed', message(B, 'e\u0301'), `[t@h:a -> t@h:b #${B}]\n\u00e9`],
  ['a mark around it', message(B, '2\n3\n4 '), `<pasted_content id="f90c">\n[t@h:a -> t@h:b #${B}]\n2\n3\n4 \n</pasted_content id="f90c">`],
])('knows a text through what the composer makes of it: %s', (_what, sent, composed) => {
  expect(messagesIn(`${one.text}\n${composed}`, [one, sent])).toEqual([B, A])
  expect(messagesIn(composed, [sent])).toEqual([B])
})

it('takes what is only named, or quoted by a message, for no part of a prompt', () => {
  const quoting = message(A, `it said\n${two.text}`)
  expect(messagesIn(quoting.text, [quoting, two])).toEqual([A])
  expect(messagesIn(`see [t@h:a -> t@h:b #${B}]`, [two])).toEqual([])
  expect(messagesIn(`[t@h:a -> t@h:b #${B}]\nanother text`, [two])).toEqual([B])
})

it('takes nothing for part of a prompt whose head is done, because it can be a quotation', () => {
  expect(messagesIn(`${one.text}\n${two.text}`, [two])).toEqual([A])
})

it('finds what is quoted and stands beside the quotation as well', () => {
  const quoting = message(A, `it said\n${two.text}`)
  expect(messagesIn(`${quoting.text}\n${two.text}`, [quoting, two])).toEqual([B, A])
})
