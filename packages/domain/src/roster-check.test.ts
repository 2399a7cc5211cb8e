import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RosterIssue } from './roster.ts'
import { checkRoster, MAX_ROSTER_ISSUES, shownValue } from './roster-check.ts'

const issuesOf = (value: unknown): RosterIssue[] => {
  const check = checkRoster(value)
  return check.ok ? [] : check.issues
}
const agent = { name: 'a', runtime: 'stub' }
const entry = (changes: Record<string, unknown>): unknown => ({ version: 1, agents: [{ ...agent, ...changes }] })

describe('a check', () => {
  test('gives a good roster back with its keys in one spelling', () => {
    expect(checkRoster({ version: 1, agents: [{ ...agent, modelHint: 'm' }] })).toEqual({
      ok: true,
      roster: { version: 1, agents: [{ ...agent, model_hint: 'm' }] },
    })
  })

  test.each<[unknown, Partial<RosterIssue>]>([
    [
      entry({ class: 'cder' }),
      {
        path: ['agents', 0, 'class'],
        found: '"cder"',
        expected: expect.stringContaining('orchestrator, enhancer'),
        mend: 'did you mean coder?',
      },
    ],
    [
      entry({ runtime: 'stbu' }),
      { expected: 'one of stub, pi, claude, codex, opencode, or one that is described in runtimes', mend: 'did you mean stub?' },
    ],
    [entry({ runtim: 'pi' }), { path: ['agents', 0, 'runtim'], at: 'key', found: '"runtim"', mend: 'did you mean runtime?' }],
    [entry({ xyzzy: 1 }), { at: 'key', expected: expect.stringContaining('one of name, runtime, class'), mend: 'remove this key' }],
    [entry({ name: 'a.b' }), { path: ['agents', 0, 'name'], found: '"a.b"', expected: expect.stringContaining('another tmux target') }],
    [entry({ alias: 7 }), { found: '7', expected: 'text', mend: 'put it in quotes: "7"' }],
    [entry({ alias: true }), { found: 'true', mend: 'put it in quotes: "true"' }],
    [entry({ alias: null }), { found: 'nothing', mend: 'give it a value, or leave the key out' }],
    [entry({ yolo: 'yes' }), { found: '"yes"', expected: 'true or false' }],
    [entry({ command: 'pi' }), { found: '"pi"', expected: 'a list' }],
    [entry({ command: [] }), { found: 'an empty list', expected: 'at least 1 item' }],
    [
      { version: 1, agents: [{ runtime: 'pi' }] },
      { path: ['agents', 0, 'name'], expected: 'text', mend: 'add name: ...' },
    ],
    [{ agents: [] }, { path: ['version'], expected: '1', mend: 'add version: 1' }],
    [
      { version: 2, agents: [] },
      { path: ['version'], found: '2', expected: '1' },
    ],
    [
      { version: 1, agents: {} },
      { path: ['agents'], found: 'a mapping', expected: 'a list' },
    ],
    [
      { version: 1, agents: [], tmux: [] },
      { path: ['tmux'], expected: 'a mapping of keys to values' },
    ],
    [
      { version: 1, agents: [], runtimes: { vim: {} } },
      { path: ['runtimes', 'vim'], expected: 'a command: vim is none of stub, pi, claude, codex, opencode' },
    ],
    [
      { version: 1, agents: [], runtimes: { pi: { heartbeat_interval: 0 } } },
      { found: '0', expected: 'at least 0.1' },
    ],
    [{ version: 1, agents: [], runtimes: { pi: { heartbeat_interval: 4000 } } }, { expected: 'at most 3600' }],
    [
      { version: 1, agents: [], runtimes: { pi: { env: { HUGE: 'x'.repeat(140_000) } } } },
      { path: ['runtimes', 'pi', 'env', 'HUGE'], expected: 'at most 65536 bytes' },
    ],
    [
      {
        version: 1,
        agents: [],
        runtimes: { pi: { env: Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`V${at}`, 'x'.repeat(60_000)])) } },
      },
      { path: ['runtimes', 'pi', 'env'], expected: 'variables of at most 524288 bytes in all' },
    ],
    [
      { version: 1, agents: [], runtimes: { pi: { env: { 'A B': 'x' } } } },
      { at: 'key', found: '"A B"', expected: 'a variable name' },
    ],
    [{ version: 1, agents: [], connector: { kind: 'disc0rd' } }, { mend: 'did you mean discord?' }],
    [[], { path: [], found: 'an empty list', expected: 'a mapping of keys to values' }],
    [null, { path: [], found: 'nothing' }],
  ])('of %j says what was expected, what was found, and what mends it', (value, issue) => {
    expect(issuesOf(value)).toEqual([expect.objectContaining(issue)])
  })

  test('says of a rule over a whole entry what is missing, not what the entry is', () => {
    expect(issuesOf({ version: 1, agents: [{ name: 'a' }] })).toEqual([
      { path: ['agents', 0], expected: 'a runtime, here or in defaults.runtime' },
    ])
  })

  test('reports everything at once, up to a bound', () => {
    expect(issuesOf({ version: 2, agents: [{ name: 'a.b', runtime: 'x', extra: 1 }], more: 1 })).toHaveLength(5)
    const agents = Array.from({ length: 500 }, () => ({ name: '.', extra: 1 }))
    expect(issuesOf({ version: 1, agents })).toHaveLength(MAX_ROSTER_ISSUES)
    const keys = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`k${index}`, 1]))
    expect(issuesOf({ version: 1, agents: [], ...keys })).toHaveLength(MAX_ROSTER_ISSUES)
  })

  test('has a word for every value there is, and never throws', () => {
    const value = fc.anything({ withNullPrototype: true, maxDepth: 4 })
    fc.assert(
      fc.property(
        fc.oneof(
          value,
          fc.record({ version: fc.constant(1), agents: fc.array(value) }),
          value.map((one) => entry({ alias: one, command: one, env: one })),
        ),
        (given) => {
          const check = checkRoster(given)
          if (check.ok) return
          expect(check.issues.length).toBeGreaterThan(0)
          for (const issue of check.issues) {
            expect(issue.expected).not.toBe('')
            expect(`${issue.found}${issue.expected}`).not.toMatch(/[\u0000-\u001f]|\[object/)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  test('takes keys that every object is born with for what they are: unknown', () => {
    const value: unknown = JSON.parse('{"version":1,"agents":[],"constructor":1,"toString":2,"hasOwnProperty":3}')
    expect(issuesOf(value).map(({ path }) => path[0])).toEqual(['constructor', 'to_string', 'has_own_property'])
  })
})

test('a shown value is short and harmless', () => {
  expect(shownValue('x'.repeat(1000)).length).toBeLessThan(80)
  expect(shownValue('a\u001b[2J\n')).toBe('"a␛[2J␊"')
  expect(shownValue([1, 2])).toBe('a list of 2')
  expect(shownValue({ a: 1 })).toBe('a mapping')
  expect(shownValue(1.5)).toBe('1.5')
})
