import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeEnvFile, encodeEnvFile } from './env-file.ts'

const key = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,20}$/)
const pieces = [
  '"',
  "'",
  '\\',
  '\\\\',
  '$',
  '`',
  '\n',
  '\t',
  ' ',
  '=',
  '#',
  ';',
  '%',
  '\\n',
  '$A{',
  '$(id)',
  'é',
  '😀',
  '\u00a0',
  '\u2028',
  'a',
  '\\"',
  '\\\n',
  '"\n"',
]
const value = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((parts) => parts.join('')),
  fc.string({ unit: 'grapheme' }).filter((text) => !/[\u0000-\u0008\u000b-\u001f\u007f]/.test(text) && text.isWellFormed()),
)

/** `EnvironmentFile=` as systemd 252 reads it (src/basic/env-file.c, parse_env_file_internal), value by value. */
function asSystemdReads(text: string): Record<string, string> {
  const out: Record<string, string> = Object.create(null)
  const escapable = '"\\`$'
  type State =
    | 'pre-key'
    | 'key'
    | 'pre-value'
    | 'value'
    | 'value-escape'
    | 'single'
    | 'double'
    | 'double-escape'
    | 'comment'
    | 'comment-escape'
  let state: State = 'pre-key'
  let name = ''
  let content = ''
  // Blanks at the end of an unquoted part are dropped.
  let kept = 0
  const push = () => {
    if (name !== '') out[name.trimEnd()] = content.slice(0, Math.max(kept, 0))
    state = 'pre-key'
    name = ''
    content = ''
    kept = 0
  }
  const add = (char: string, solid: boolean) => {
    content += char
    if (solid) kept = content.length
  }
  for (const char of text) {
    const blank = /[ \t]/.test(char)
    const newline = char === '\n' || char === '\r'
    switch (state) {
      case 'pre-key':
        if (char === '#' || char === ';') state = 'comment'
        else if (!blank && !newline) {
          state = 'key'
          name = char
        }
        break
      case 'key':
        if (newline) state = 'pre-key'
        else if (char === '=') state = 'pre-value'
        else name += char
        break
      case 'pre-value':
        if (newline) push()
        else if (char === "'") state = 'single'
        else if (char === '"') state = 'double'
        else if (char === '\\') state = 'value-escape'
        else if (!blank) {
          state = 'value'
          add(char, true)
        }
        break
      case 'value':
        if (newline) push()
        else if (char === '\\') state = 'value-escape'
        else add(char, !blank)
        break
      case 'value-escape':
        state = 'value'
        if (!newline) add(char, true)
        break
      case 'single':
        if (char === "'") state = 'pre-value'
        else add(char, true)
        break
      case 'double':
        if (char === '"') state = 'pre-value'
        else if (char === '\\') state = 'double-escape'
        else add(char, true)
        break
      case 'double-escape':
        state = 'double'
        if (escapable.includes(char)) add(char, true)
        else if (char !== '\n') {
          add('\\', true)
          add(char, true)
        }
        break
      case 'comment':
        if (char === '\\') state = 'comment-escape'
        else if (newline) state = 'pre-key'
        break
      default:
        state = 'comment'
    }
  }
  if (state !== 'pre-key' && state !== 'key') push()
  return out
}

const environments = fc.dictionary(key, value, { maxKeys: 6 }).map((given) => ({ ...given }))

describe('an environment file', () => {
  test('is read back byte for byte', () => {
    fc.assert(
      fc.property(environments, (environment) => {
        expect({ ...decodeEnvFile(encodeEnvFile(environment)) }).toEqual(environment)
      }),
      { numRuns: 500 },
    )
  })

  test('says the same to systemd', () => {
    fc.assert(
      fc.property(environments, (environment) => {
        expect({ ...asSystemdReads(encodeEnvFile(environment)) }).toEqual(environment)
      }),
      { numRuns: 500 },
    )
  })

  test('writes an empty value bare and every other one in double quotes, keys sorted', () => {
    expect(encodeEnvFile({ B: '', A: ' a "b" \\ $c `d`\n' })).toBe('A=" a \\"b\\" \\\\ \\$c \\`d\\`\n"\nB=\n')
  })

  test('keeps the keys that objects are born with as keys', () => {
    const environment = Object.fromEntries([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ])
    const decoded = decodeEnvFile(encodeEnvFile(environment))
    expect(Object.entries(decoded).sort()).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ])
  })

  test.each([
    [{ 'A-B': 'x' }, /name/],
    [{ '': 'x' }, /name/],
    [{ '1A': 'x' }, /name/],
    [{ 'A=B': 'x' }, /name/],
    [{ 'A\nB': 'x' }, /name/],
    [{ A: 'x\u0000y' }, /control/],
    [{ A: '\u001b[31m' }, /control/],
    [{ A: 'a\rb' }, /control/],
    [{ A: '\u007f' }, /control/],
    [{ A: '\ud800' }, /control/],
  ])('refuses %j', (environment, reason) => {
    expect(() => encodeEnvFile(environment)).toThrow(expect.objectContaining({ code: 'invalid', message: expect.stringMatching(reason) }))
  })

  test('that an operator wrote is read too: plain values, comments, odd lines', () => {
    expect({ ...decodeEnvFile('# A=1\n; B=2\n\nC= plain text \nD\nE="x" \nF-G=1\nH=a=b') }).toEqual({ C: 'plain text', E: 'x', H: 'a=b' })
  })

  test('of any content is read without a crash', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(() => decodeEnvFile(text)).not.toThrow()
      }),
    )
  })
})
