import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MAX_ROSTER_BYTES, MAX_ROSTER_FAULTS } from './limits.ts'
import { loadRoster, type RosterFault, readRosterText, rosterError } from './read-roster.ts'

const faultsOf = (text: string): RosterFault[] => {
  const reading = readRosterText(text, 'roster.yaml')
  return reading.ok ? [] : reading.faults
}
const HEAD = 'version: 1\nagents:\n'
const at = (line: number, column: number, path: string, rest: Partial<RosterFault> = {}) =>
  expect.objectContaining({ file: 'roster.yaml', line, column, path, ...rest })

describe('a good roster', () => {
  test('is read from block style, flow style, JSON, and either spelling of keys', () => {
    const expected = { ok: true, roster: { version: 1, agents: [{ name: 'a', runtime: 'stub', model_hint: 'm' }] } }
    for (const text of [
      `${HEAD}  - name: a\n    runtime: stub\n    model_hint: m\n`,
      `${HEAD}- {name: 'a', runtime: "stub", modelHint: m}`,
      '{"version":1,"agents":[{"name":"a","runtime":"stub","model_hint":"m"}]}',
      '--- # x\r\nversion: 1\r\nagents:\r\n- name: a\r\n  runtime: stub\r\n  modelHint: m\r\n...\r\n',
      '%YAML 1.2\n---\nversion: 1\nagents: [{name: a, runtime: stub, modelHint: m}]\n',
    ]) {
      expect(readRosterText(text, 'roster.yaml')).toEqual(expected)
    }
  })

  test('may share values by anchor and alias', () => {
    const reading = readRosterText('version: 1\nruntimes: {pi: {env: &e {A: "1"}}, stub: {env: *e}}\nagents: []\n', 'r')
    expect(reading).toMatchObject({ ok: true, roster: { runtimes: { pi: { env: { A: '1' } }, stub: { env: { A: '1' } } } } })
  })
})

describe('a fault stands', () => {
  test.each<[string, string, unknown[]]>([
    ['at a wrong value', `${HEAD}  - name: a\n    runtime: vim\n`, [at(4, 14, 'agents[0].runtime', { found: '"vim"' })]],
    [
      'at an unknown key',
      `${HEAD}  - name: a\n    runtime: pi\n    modle_hint: x\n`,
      [at(5, 5, 'agents[0].modle_hint', { found: '"modle_hint"', mend: 'did you mean model_hint?' })],
    ],
    ['at what a key is missing from', `${HEAD}  - runtime: pi\n`, [at(3, 5, 'agents[0].name', { mend: 'add name: ...' })]],
    ['at the start for a missing first key', '# hello\n\nagents: []\n', [at(3, 1, 'version')]],
    [
      'at the key of an empty value',
      `${HEAD}  - name: a\n    runtime: pi\n    alias:\n`,
      [at(5, 5, 'agents[0].alias', { found: 'nothing' })],
    ],
    ['at an item of a list', `${HEAD}  - name: a\n    runtime: pi\n    command: [x, 5]\n`, [at(5, 18, 'agents[0].command[1]')]],
    [
      'at the second of two names',
      `${HEAD}  - {name: a, runtime: pi}\n  - {name: a, runtime: pi}\n`,
      [at(4, 12, 'agents[1].name', { expected: expect.stringContaining('agents[0]') })],
    ],
    [
      'at the second orchestrator',
      `${HEAD}  - {name: orchestrator, runtime: pi}\n  - {name: b, class: orchestrator, runtime: pi}\n`,
      [at(4, 22, 'agents[1].class')],
    ],
    ['at the second of two keys', 'version: 1\nagents: []\nversion: 1\n', [at(3, 1, 'version', { expected: 'each key once' })]],
    [
      'at a key in camelCase, spelled as it is there',
      'version: 1\nagents: []\ndefaults:\n  workingDirectory: x\n',
      [at(4, 21, 'defaults.workingDirectory')],
    ],
    [
      'at the other spelling of a key',
      `${HEAD}  - {name: a, runtime: pi, model_hint: x, modelHint: y}\n`,
      [at(3, 43, 'agents[0].modelHint', { expected: 'one spelling of model_hint' })],
    ],
    [
      'at an odd key of an environment',
      'version: 1\nruntimes:\n  pi:\n    env: {"A B": x}\nagents: []\n',
      [at(4, 11, 'runtimes.pi.env["A B"]', { expected: 'a variable name' })],
    ],
    ['at the value behind an alias', `${HEAD}  - &a {name: a, runtime: vim}\n`, [at(3, 27, 'agents[0].runtime')]],
    ['behind wide characters, each counted as one', `${HEAD}  - {alias: "😀", name: a.b, runtime: pi}\n`, [at(3, 24, 'agents[0].name')]],
    ['in a file of DOS lines', 'version: 1\r\nagents:\r\n  - name: a.b\r\n    runtime: pi\r\n', [at(3, 11, 'agents[0].name')]],
  ])('%s', (_, text, expected) => {
    expect(faultsOf(text)).toEqual(expected)
  })

  test('before the ones below it', () => {
    const faults = faultsOf('version: 2\nextra: 1\nagents:\n  - name: a.b\n    runtime: x\n')
    expect(faults.map(({ line }) => line)).toEqual([1, 2, 4, 5])
  })
})

describe('text that is no roster', () => {
  test.each<[string, string, unknown]>([
    ['empty', '', at(1, 1, '', { found: 'an empty file', mend: 'mosaic fleet init --write' })],
    ['only a comment', '# nothing\n', at(1, 1, '', { found: 'an empty file' })],
    ['a list', '- a\n', at(1, 1, '', { found: 'a list of 1' })],
    ['a word', '\n hello', at(2, 2, '', { found: '"hello"' })],
    ['null', 'null', at(1, 1, '', { expected: expect.stringContaining('mapping') })],
    ['indented by a tab', 'version: 1\nagents:\n\t- name: a\n', at(3, 1, '', { expected: expect.stringContaining('spaces') })],
    ['begun by a byte order mark', `\ufeff${HEAD}`, at(1, 1, '', { expected: expect.stringContaining('byte order mark') })],
    ['broken by a NUL', 'version: 1\nag\u0000ents: []', at(2, 3, '', { found: expect.stringContaining('U+0000') })],
    ['broken by an escape', 'version: 1 # \u001b[2J', at(1, 14, '', { found: expect.stringContaining('U+001B') })],
    ['half a character', 'a: \ud800', at(1, 4, '')],
    ['two documents', 'version: 1\nagents: []\n---\nversion: 1\n', at(3, 1, '', { expected: 'one document' })],
    ['YAML 1.1', '%YAML 1.1\n---\nversion: 1\n', at(1, 1, '', { expected: expect.stringContaining('%YAML 1.2') })],
    ['tagged', 'version: !!int 1\nagents: !x []\n', at(2, 9, '', { expected: expect.stringContaining('tag') })],
    ['missing a colon', 'version: 1\nagents\n', at(2, 1, '')],
    ['an open quote', `${HEAD}  - name: "a\n`, at(4, 1, '', { expected: expect.stringContaining('closing') })],
    ['two keys on one line', `${HEAD}  - name: a: b\n`, at(3, 11, '', { mend: expect.stringContaining('quotes') })],
    ['an alias of nothing', 'version: 1\nagents: *x\n', at(2, 9, '', { found: '*x' })],
    ['an alias above its anchor', 'version: *x\nagents: &x []\n', at(1, 10, '')],
    ['an alias of itself', 'version: 1\nagents: &a [*a]\n', at(2, 13, '')],
    ['a key that is a list', '? [a]\n: 1\n', at(1, 3, '')],
    ['a merge', `${HEAD}  - {<<: {name: a}, name: b, runtime: pi}\n`, at(3, 6, 'agents[0]["<<"]')],
    ['__proto__', 'version: 1\nagents: []\n__proto__: {polluted: 1}\n', at(3, 1, '__proto__')],
    [
      '__proto__ in an environment',
      'version: 1\nagents: []\nruntimes: {pi: {env: {__proto__: x}}}\n',
      at(3, 23, 'runtimes.pi.env.__proto__'),
    ],
    ['constructor', 'version: 1\nagents: []\nconstructor: 1\n', at(3, 1, 'constructor')],
  ])('is refused: %s', (_, text, fault) => {
    expect(faultsOf(text)).toEqual([fault])
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghi'].map((key, index) => `${key}: &${key} [${Array(9).fill(`*${'abcdefgh'[index]}`)}]\n`).join('')}`
  test.each<[string, string]>([
    ['too large', 'a'.repeat(MAX_ROSTER_BYTES + 1)],
    ['of too many tokens', ','.repeat(MAX_ROSTER_BYTES)],
    ['of too many agents', `version: 1\nagents:\n${'- name: a\n'.repeat(20_000)}`],
    ['a billion laughs', bomb],
    ['a crowd of aliases', `a: &a 1\nb: [${'*a,'.repeat(50_000)}]`],
    ['deep in lists', '['.repeat(200_000)],
    ['deep in mappings', '{a: '.repeat(50_000)],
    ['deep in dashes', '- '.repeat(100_000)],
    ['deep in questions', '? '.repeat(100_000)],
    ['deep by indentation', Array.from({ length: 600 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('')],
    ['closed where nothing is open', '}'.repeat(30_000)],
    ['nothing but quotes', '"'.repeat(30_000)],
    ['nothing but anchors', '&a '.repeat(10_000)],
    ['nothing but keys', 'a:\n'.repeat(9_000)],
    ['nothing but documents', '---\n'.repeat(9_000)],
  ])('is refused without a crash or a hang: %s', (_, text) => {
    const faults = faultsOf(text)
    expect(faults.length).toBeGreaterThan(0)
    expect(faults.length).toBeLessThanOrEqual(MAX_ROSTER_FAULTS)
    for (const fault of faults) expect(Math.min(fault.line, fault.column)).toBeGreaterThanOrEqual(1)
  })
})

describe('the error', () => {
  test('has one line per fault: file, line, column, key, expected, found, mend', () => {
    const error = rosterError(faultsOf(`${HEAD}  - name: a\n    runtime: clade\n    extra: 1\n`))
    expect(error.message.split('\n')).toEqual([
      'roster.yaml:4:14: agents[0].runtime: expected one of stub, pi, claude, codex, opencode, or one that is described in runtimes, found "clade"; did you mean claude?',
      expect.stringMatching(/^roster\.yaml:5:5: agents\[0\]\.extra: expected one of name, .*, found "extra"; remove this key$/),
    ])
    expect(error).toMatchObject({ code: 'invalid', where: 'roster.yaml:4:14', reason: 'roster' })
  })

  test('lists ten faults and counts the rest', () => {
    const text = `${HEAD}${Array.from({ length: 30 }, (_, index) => `- {name: a${index}, runtime: x}\n`).join('')}`
    const lines = rosterError(faultsOf(text)).message.split('\n')
    expect(lines).toHaveLength(11)
    expect(lines.at(-1)).toBe('and 20 more')
  })

  test('stays harmless and short whatever the file and its name hold', () => {
    const reading = readRosterText(
      `version: "\\e[2J\\n${'x'.repeat(10_000)}"\n"\\e]0;evil\\a${'y'.repeat(900)}": 1\nagents: []\n`,
      `\u001b[31m${'z'.repeat(10_000)}\n`,
    )
    const { message } = rosterError(reading.ok ? [] : reading.faults)
    expect(message.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
    expect(message.split('\n')).toHaveLength(2)
    expect(message.length).toBeLessThan(2500)
  })
})

describe('a file', () => {
  let directory = ''
  const file = (name: string) => join(directory, name)
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'mosaic-read-'))
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  test('that is not there is "not found", with the command that makes one', () => {
    for (const path of [file('none.yaml'), file('none/roster.yaml')]) {
      expect(() => loadRoster(path)).toThrow(expect.objectContaining({ code: 'not_found', mend: 'mosaic fleet init --write' }))
    }
  })

  test('is read through a symbolic link', () => {
    writeFileSync(file('real.yaml'), 'version: 1\nagents: []\n')
    symlinkSync(file('real.yaml'), file('link.yaml'))
    expect(loadRoster(file('link.yaml'))).toMatchObject({ ok: true })
  })

  test('that is a FIFO, a directory or a device is a fault, at once', () => {
    execFileSync('mkfifo', [file('fifo')])
    symlinkSync(file('fifo'), file('to-fifo'))
    mkdirSync(file('folder'))
    for (const path of [file('fifo'), file('to-fifo'), file('folder'), '/dev/zero', '/dev/null']) {
      expect(loadRoster(path)).toMatchObject({ ok: false, faults: [{ file: path, line: 1, column: 1, expected: 'a regular file' }] })
    }
  })

  test('that is not UTF-8 is a fault at its first bad byte', () => {
    writeFileSync(
      file('latin1.yaml'),
      Buffer.concat([Buffer.from('# \ufffd is fine\nversion: 1\nalias: J'), Buffer.from([0xfc, 0x72, 0x67])]),
    )
    expect(loadRoster(file('latin1.yaml'))).toMatchObject({ ok: false, faults: [{ line: 3, column: 9, expected: 'UTF-8 text' }] })
    writeFileSync(file('utf16.yaml'), Buffer.from('\ufeffversion: 1\n', 'utf16le'))
    expect(loadRoster(file('utf16.yaml'))).toMatchObject({ ok: false, faults: [{ line: 1, column: 1, expected: 'UTF-8 text' }] })
  })

  test('that is too large is not read to its end', () => {
    writeFileSync(file('huge.yaml'), '#'.repeat(4 * 1024 * 1024))
    expect(loadRoster(file('huge.yaml'))).toMatchObject({ ok: false, faults: [{ line: 1, column: 1, expected: 'at most 256 KiB' }] })
  })
})
