import { describe, expect, test } from 'vitest'
import { override, tomlString } from './toml.ts'

describe('a value for codex', () => {
  test('is one TOML string, whatever is in it', () => {
    expect(tomlString('plain')).toBe('"plain"')
    expect(tomlString('"quoted" \\ back\nline\r\t$(x) `y` \u0000\u001b\u007f é 😀')).toBe(
      '"\\"quoted\\" \\\\ back\\nline\\r\\t$(x) `y` \\u0000\\u001b\\u007f é 😀"',
    )
    expect(tomlString('half \ud83d of one')).toBe('"half � of one"')
  })

  test('stands behind its key', () => {
    expect(override('model', 'a"b')).toEqual(['-c', 'model="a\\"b"'])
    expect(override('analytics.enabled', false)).toEqual(['-c', 'analytics.enabled=false'])
  })
})
