import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { displaySafe, displaySafeText, isDeceptive, visibleControl } from './display.ts'

const HARMFUL = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/
const anyText = fc.string({ unit: 'binary', maxLength: 200 })
const rough = fc.oneof(
  anyText,
  fc
    .array(fc.constantFrom('\u001b[2J', '\u009b31m', '\r\n', '\t', '\u0000', '\u202e', '\u200b', '\ufeff', '\ud800', '\udc00', 'a', '😀'), {
      maxLength: 40,
    })
    .map((parts) => parts.join('')),
)

describe('displaySafe', () => {
  test('leaves nothing that moves a cursor, reorders text or breaks a line, whatever it is given', () => {
    fc.assert(
      fc.property(rough, (text) => {
        const safe = displaySafe(text)
        expect(safe).not.toMatch(HARMFUL)
        expect(safe.isWellFormed()).toBe(true)
      }),
    )
  })

  test('changes nothing in what is harmless, and nothing more the second time', () => {
    expect(displaySafe('Ada Ωmega 😀 – naïve')).toBe('Ada Ωmega 😀 – naïve')
    fc.assert(fc.property(rough, (text) => displaySafe(displaySafe(text)) === displaySafe(text)))
  })

  test('shows what it took away', () => {
    expect(displaySafe('a\u001b[31mb\n\t\u007f')).toBe('a␛[31mb␊␉␡')
    expect(displaySafe('\u009b\u202e\ufeff\u061c')).toBe('‹U+009B›‹U+202E›‹U+FEFF›‹U+061C›')
    expect(displaySafe('\ud800x')).toBe('\ufffdx')
  })
})

test('displaySafeText keeps newline and tab and nothing else of the kind', () => {
  fc.assert(
    fc.property(rough, (text) => {
      const safe = displaySafeText(text)
      expect(safe.replace(/[\n\t]/g, '')).not.toMatch(HARMFUL)
      expect(safe.split('\n')).toHaveLength(text.split('\n').length)
    }),
  )
})

test('every control character has a visible stand-in of its own', () => {
  const controls = Array.from({ length: 0x20 }, (_, code) => code).concat(
    0x7f,
    Array.from({ length: 0x20 }, (_, code) => 0x80 + code),
  )
  const shown = controls.map((code) => visibleControl(String.fromCharCode(code)))
  expect(new Set(shown).size).toBe(controls.length)
  for (const text of shown) expect(text).not.toMatch(HARMFUL)
})

test('what reorders or hides text is deceptive; joiners, of which emoji are made, are not', () => {
  for (const char of ['\u061c', '\u200b', '\u200e', '\u200f', '\u202e', '\u2066', '\ufeff']) expect(isDeceptive(char), char).toBe(true)
  for (const char of ['a', '\u200c', '\u200d', '👩', '']) expect(isDeceptive(char), char).toBe(false)
})
