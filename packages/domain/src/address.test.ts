import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assertName, formatAddress, isHostName, isTenantId, MAX_NAME_LENGTH, NAME_PATTERN, nameProblem, parseAddress } from './address.ts'
import { FleetError } from './error.ts'

const name = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/)
const tenant = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/)
const host = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,60}[A-Za-z0-9])?$/)

describe('an agent name', () => {
  test.each(['orchestrator', 'coder0', 'a', '_', '0', 'a-b_c', 'A'.repeat(MAX_NAME_LENGTH)])('may be %j', (text) => {
    expect(nameProblem(text)).toBeUndefined()
    expect(assertName(text)).toBe(text)
  })

  test.each([
    ['', /empty/],
    ['a.b', /another tmux target/],
    ['a:b', /another tmux target/],
    ['.', /another tmux target/],
    ['-a', /option/],
    ['a b', /letters, digits/],
    ['a/b', /letters, digits/],
    ['a\n', /letters, digits/],
    ['ä', /letters, digits/],
    ['=a', /letters, digits/],
    ['$(id)', /letters, digits/],
    ['a'.repeat(MAX_NAME_LENGTH + 1), /at most 64/],
  ])('may not be %j, and the reason is said', (text, reason) => {
    expect(nameProblem(text)).toMatch(reason)
    expect(() => assertName(text)).toThrow(FleetError)
    expect(() => assertName(text)).toThrow(expect.objectContaining({ code: 'invalid', mend: expect.any(String) }))
  })

  test('is judged the same by the function and by the pattern that schemas publish', () => {
    fc.assert(
      fc.property(
        fc.oneof(name, fc.string({ unit: 'binary' }), fc.string()),
        (text) => NAME_PATTERN.test(text) === (nameProblem(text) === undefined),
      ),
    )
  })
})

describe('an address', () => {
  test('is read back as it was written', () => {
    fc.assert(
      fc.property(tenant, host, name, (tenant_id, hostName, session) => {
        const address = { tenant_id, host: hostName, session }
        expect(parseAddress(formatAddress(address))).toEqual(address)
      }),
    )
  })

  test.each(['', 'a', 'a@b', 'a@b:', '@b:c', 'a@:c', 'a@b:c d', 'a@b:c.d', 'a@b:c:d', 'a b@c:d', 'a@-b:c', 'a@b-:c', 'a@b:-c', 'a@b:c\n'])(
    'is not %j',
    (text) => {
      expect(parseAddress(text)).toBeUndefined()
    },
  )

  test('is never read from text that would not be written like that', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        const address = parseAddress(text)
        if (address !== undefined) expect(formatAddress(address)).toBe(text)
      }),
    )
  })
})

test('tenants and hosts have no room for a path, an option or a control character', () => {
  for (const bad of ['', '-a', '.a', 'a/b', 'a b', 'a\u001b', 'a'.repeat(65)]) expect(isTenantId(bad)).toBe(false)
  for (const bad of ['', '-a', 'a-', '.a', 'a.', 'a/b', 'a_b', 'a\n']) expect(isHostName(bad)).toBe(false)
  expect(isTenantId('ada.l-1')).toBe(true)
  expect(isHostName('a.b-c.example')).toBe(true)
})
