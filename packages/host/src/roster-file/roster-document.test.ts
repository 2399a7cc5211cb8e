import type { AgentEntry } from '@mosaic/domain/roster'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RosterDocument } from './roster-document.ts'

type Change = (document: RosterDocument) => void

function changed(text: string, change: Change): string {
  const document = new RosterDocument(text, 'roster.yaml')
  change(document)
  document.finish()
  return document.text
}

const add =
  (entry: AgentEntry): Change =>
  (document) =>
    document.addAgent(entry)
const edit =
  (name: string, changes: Parameters<RosterDocument['editAgent']>[1]): Change =>
  (document) =>
    document.editAgent(name, changes)
const remove =
  (name: string): Change =>
  (document) =>
    document.removeAgent(name)

/** A file as an operator keeps one: comments everywhere, odd spacing, both quotes, blank lines. */
const LIVED_IN = `# My fleet   (do not reformat!)
version:   1


tmux: {socket_name:   'mosaic-fleet'}   # isolated
defaults:
    runtime:  "stub"    # four spaces here

agents:
  # --- the core ---
  -   name: orchestrator   # talks to me
      alias: 'Ada'

      # she likes it here
      working_directory:   ~/work
  # watches
  -   name: enhancer

  # --- workers ---
  -   name:  coder0
      model_hint: "m-1"   # pinned
      command:
        - node     # ours
        - x.js
      lifecycle: ephemeral
  # more to come

# the end
budget: {daily_usd:   5}   # dollars
`

describe('an added agent', () => {
  test('stands behind the last one, indented as that one is, and nothing else changes', () => {
    expect(changed(LIVED_IN, add({ name: 'coder1', alias: 'Lin: 2' }))).toBe(
      LIVED_IN.replace('      lifecycle: ephemeral\n', '      lifecycle: ephemeral\n  -   name: coder1\n      alias: "Lin: 2"\n'),
    )
  })

  test.each<[string, string, string]>([
    [
      'a block list',
      'version: 1\nagents:\n- name: a\n  runtime: stub\n',
      'version: 1\nagents:\n- name: a\n  runtime: stub\n- name: b\n  runtime: stub\n',
    ],
    [
      'a file without a last line break',
      'version: 1\nagents:\n  - name: a\n    runtime: stub',
      'version: 1\nagents:\n  - name: a\n    runtime: stub\n  - name: b\n    runtime: stub',
    ],
    [
      'a file of DOS lines',
      'version: 1\r\nagents:\r\n  - name: a\r\n    runtime: stub\r\n',
      'version: 1\r\nagents:\r\n  - name: a\r\n    runtime: stub\r\n  - name: b\r\n    runtime: stub\r\n',
    ],
    [
      'a list with blank lines between',
      'version: 1\nagents:\n  - name: x\n    runtime: pi\n\n  - name: a\n    runtime: stub\n',
      'version: 1\nagents:\n  - name: x\n    runtime: pi\n\n  - name: a\n    runtime: stub\n\n  - name: b\n    runtime: stub\n',
    ],
    ['an empty list', 'version: 1\nagents: []   # none\n', 'version: 1\nagents:   # none\n  - name: b\n    runtime: stub\n'],
    ['an empty list in a flow file', '{version: 1, agents: []}\n', '{version: 1, agents: [{name: b, runtime: stub}]}\n'],
    [
      'a flow list',
      'version: 1\nagents: [{name: a, runtime: stub}]  # x\n',
      'version: 1\nagents: [{name: a, runtime: stub}, {name: b, runtime: stub}]  # x\n',
    ],
    [
      'a flow list with spaces',
      'version: 1\nagents: [ { name: a, runtime: stub } ]\n',
      'version: 1\nagents: [ { name: a, runtime: stub }, { name: b, runtime: stub } ]\n',
    ],
    [
      'flow entries in a block list',
      'version: 1\nagents:\n  - {name: a, runtime: stub}  # x\n',
      'version: 1\nagents:\n  - {name: a, runtime: stub}  # x\n  - {name: b, runtime: stub}\n',
    ],
    [
      'a flow list over lines',
      'version: 1\nagents: [\n  {name: a, runtime: stub} # x\n]\n',
      'version: 1\nagents: [\n  {name: a, runtime: stub}, # x\n  {name: b, runtime: stub}\n]\n',
    ],
    [
      'a flow list over lines with a last comma',
      'version: 1\nagents: [\n  {name: a, runtime: stub}, # x\n]\n',
      'version: 1\nagents: [\n  {name: a, runtime: stub}, # x\n  {name: b, runtime: stub},\n]\n',
    ],
    [
      'JSON',
      '{"version":1,"agents":[{"name":"a","runtime":"stub"}]}',
      '{"version":1,"agents":[{"name":"a","runtime":"stub"}, {"name": "b", "runtime": "stub"}]}',
    ],
    [
      'JSON over lines',
      '{\n "version": 1,\n "agents": [\n  {"name": "a", "runtime": "stub"}\n ]\n}\n',
      '{\n "version": 1,\n "agents": [\n  {"name": "a", "runtime": "stub"},\n  {"name": "b", "runtime": "stub"}\n ]\n}\n',
    ],
    [
      'a list that ends in a block scalar',
      'version: 1\nagents:\n  - name: a\n    runtime: stub\n    alias: |-\n      Ada\nbudget: {}\n',
      'version: 1\nagents:\n  - name: a\n    runtime: stub\n    alias: |-\n      Ada\n  - name: b\n    runtime: stub\nbudget: {}\n',
    ],
    [
      'a document with markers',
      '---\nversion: 1\nagents:\n- name: a\n  runtime: stub\n...\n',
      '---\nversion: 1\nagents:\n- name: a\n  runtime: stub\n- name: b\n  runtime: stub\n...\n',
    ],
  ])('fits into %s', (_, before, after) => {
    expect(changed(before, add({ name: 'b', runtime: 'stub' }))).toBe(after)
  })

  test('has its keys in the spelling of the file', () => {
    const camel = 'version: 1\ntenantId: t\nagents:\n  - name: a\n    runtime: stub\n    modelHint: m\n'
    expect(changed(camel, add({ name: 'b', runtime: 'stub', model_hint: 'n' }))).toBe(
      `${camel}  - name: b\n    runtime: stub\n    modelHint: n\n`,
    )
  })

  test('may hold any text that a roster may hold', () => {
    const text = 'version: 1\ndefaults: {runtime: stub}\nagents:\n  - name: a\n'
    const inline = 'version: 1\ndefaults: {runtime: stub}\nagents: [{name: a}]\n'
    const value = fc
      .oneof(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }),
        fc.constantFrom(
          'yes',
          'null',
          '~',
          '1',
          '0x1',
          '- x',
          '# x',
          'a: b',
          '*a',
          '&a',
          '!a',
          '[',
          '{a}',
          "it's",
          '"q"',
          '\\',
          ' x ',
          '%',
          '@',
          '`',
          '|',
          '>',
          '? x',
          '---',
          'x'.repeat(4096),
        ),
      )
      .filter((one) => !/[\u0000-\u001f\u007f-\u009f\ufffe\uffff]/.test(one))
    fc.assert(
      fc.property(value, fc.array(value, { minLength: 1, maxLength: 4 }), fc.constantFrom(text, inline), (alias, command, before) => {
        const document = new RosterDocument(before, 'r')
        document.addAgent({ name: 'b', alias, command })
        expect(document.finish().agents[1]).toEqual({ name: 'b', alias, command })
        document.editAgent('a', { alias })
        document.editAgent('b', { alias: 'z' })
        expect(document.finish().agents.map((agent) => agent.alias)).toEqual([alias, 'z'])
      }),
    )
  })
})

describe('a changed agent', () => {
  test('has the new value in the place, the quotes and the line of the old', () => {
    expect(changed(LIVED_IN, edit('coder0', { model_hint: 'm-2', lifecycle: 'core' }))).toBe(
      LIVED_IN.replace('"m-1"', '"m-2"').replace('lifecycle: ephemeral', 'lifecycle: core'),
    )
    expect(changed(LIVED_IN, edit('orchestrator', { alias: "Ada's" }))).toBe(LIVED_IN.replace("'Ada'", "'Ada''s'"))
  })

  test('has a new key behind its last one', () => {
    expect(changed(LIVED_IN, edit('enhancer', { yolo: true }))).toBe(
      LIVED_IN.replace('name: enhancer\n', 'name: enhancer\n      yolo: true\n'),
    )
  })

  test('loses a key with its line and keeps the comments above it', () => {
    expect(changed(LIVED_IN, edit('coder0', { model_hint: null }))).toBe(LIVED_IN.replace('      model_hint: "m-1"   # pinned\n', ''))
    expect(changed(LIVED_IN, edit('orchestrator', { working_directory: null }))).toBe(
      LIVED_IN.replace('      working_directory:   ~/work\n', ''),
    )
  })

  test('has a list replaced as a whole', () => {
    expect(changed(LIVED_IN, edit('coder0', { command: ['node', 'y.js'] }))).toBe(
      LIVED_IN.replace('command:\n        - node     # ours\n        - x.js\n', 'command: [node, y.js]\n'),
    )
    expect(changed(LIVED_IN, edit('coder0', { command: null }))).toBe(
      LIVED_IN.replace('      command:\n        - node     # ours\n        - x.js\n', ''),
    )
  })

  test('that is as wanted already is not touched', () => {
    const same = edit('coder0', { model_hint: 'm-1', command: ['node', 'x.js'], effort: null, alias: undefined })
    expect(changed(LIVED_IN, same)).toBe(LIVED_IN)
  })

  test.each<[string, string, Change, string]>([
    ['the key behind the dash', '- runtime: pi\n  name: a\n', edit('a', { runtime: null }), '- name: a\n'],
    [
      'the key behind the dash, above a comment',
      '- runtime: pi # x\n  # y\n  name: a\n',
      edit('a', { runtime: null }),
      '- \n  # y\n  name: a\n',
    ],
    ['a key in flow style', '- {name: a, alias: x, runtime: pi}\n', edit('a', { alias: null }), '- {name: a, runtime: pi}\n'],
    ['the first key in flow style', '- {alias: x, name: a}\n', edit('a', { alias: null }), '- {name: a}\n'],
    ['the last key in flow style', '- {name: a, alias: x}\n', edit('a', { alias: null }), '- {name: a}\n'],
    ['the last key before a comma', '- {name: a, alias: x,}\n', edit('a', { alias: null }), '- {name: a}\n'],
    [
      'a key of flow style over lines',
      '- {\n   name: a, # n\n   alias: x\n  }\n',
      edit('a', { alias: null }),
      '- {\n   name: a # n\n  }\n',
    ],
    ['a block scalar', '- name: a\n  alias: >-\n    Ada\n  yolo: true\n', edit('a', { alias: null }), '- name: a\n  yolo: true\n'],
  ])('loses %s', (_, before, change, after) => {
    const head = 'version: 1\ndefaults: {runtime: stub}\nagents:\n'
    expect(changed(head + before, change)).toBe(head + after)
  })

  test.each<[string, string, Change, string]>([
    [
      'a block scalar',
      '- name: a\n  alias: >-\n    Ada\n  yolo: true\n',
      edit('a', { alias: 'Lin' }),
      '- name: a\n  alias: Lin\n  yolo: true\n',
    ],
    ['a value on a line of its own', '- name: a\n  alias:\n    Ada\n', edit('a', { alias: 'Lin' }), '- name: a\n  alias:\n    Lin\n'],
    ['an explicit pair', '- name: a\n  ? alias\n  : Ada\n', edit('a', { alias: 'Lin' }), '- name: a\n  ? alias\n  : Lin\n'],
    ['an alias of YAML', '- name: &n a\n- name: b\n  alias: *n\n', edit('b', { alias: 'Lin' }), '- name: &n a\n- name: b\n  alias: Lin\n'],
    ['the name', '- name: a # x\n', edit('a', { name: 'b' }), '- name: b # x\n'],
    [
      'a JSON value',
      '- {"name": "a", "yolo": false}\n',
      edit('a', { yolo: true, alias: 'x' }),
      '- {"name": "a", "yolo": true, "alias": "x"}\n',
    ],
  ])('has a new value in place of %s', (_, before, change, after) => {
    const head = 'version: 1\ndefaults: {runtime: stub}\nagents:\n'
    expect(changed(head + before, change)).toBe(head + after)
  })

  test('keeps camelCase where the file has it', () => {
    const camel = 'version: 1\nagents:\n  - name: a\n    runtime: stub\n    modelHint: m\n'
    expect(changed(camel, edit('a', { model_hint: 'n', working_directory: '~' }))).toBe(
      'version: 1\nagents:\n  - name: a\n    runtime: stub\n    modelHint: n\n    workingDirectory: "~"\n',
    )
  })
})

describe('a removed agent', () => {
  test('takes its lines along and leaves every comment around it', () => {
    expect(changed(LIVED_IN, remove('enhancer'))).toBe(LIVED_IN.replace('  -   name: enhancer\n', ''))
    expect(changed(LIVED_IN, remove('coder0'))).toBe(LIVED_IN.replace(/ {2}- {3}name: {2}coder0\n(?: {6}.*\n)*/, ''))
  })

  test.each<[string, string, string, string]>([
    ['the only one', 'agents: # x\n  # y\n  - name: a\n', 'a', 'agents: [] # x\n  # y\n'],
    ['the last line of a file without a line break', 'agents:\n  - name: a\n  - name: b', 'b', 'agents:\n  - name: a'],
    ['one between blank lines', 'agents:\n  - name: a\n\n  - name: b\n\n  - name: c\n', 'b', 'agents:\n  - name: a\n\n  - name: c\n'],
    [
      'the last one, before a blank line',
      'agents:\n  - name: a\n\n  - name: b\n\nbudget: {}\n',
      'b',
      'agents:\n  - name: a\n\nbudget: {}\n',
    ],
    ['the first in flow style', 'agents: [{name: a}, {name: b}]\n', 'a', 'agents: [{name: b}]\n'],
    ['the last in flow style', 'agents: [{name: a}, {name: b}]\n', 'b', 'agents: [{name: a}]\n'],
    ['the only one in flow style', 'agents: [{name: a}]\n', 'a', 'agents: []\n'],
    ['the last of a flow list over lines', 'agents: [\n  {name: a}, # x\n  {name: b} # y\n]\n', 'b', 'agents: [\n  {name: a} # x\n]\n'],
    ['the first of a flow list over lines', 'agents: [\n  {name: a}, # x\n  {name: b} # y\n]\n', 'a', 'agents: [\n  {name: b} # y\n]\n'],
  ])('may be %s', (_, before, name, after) => {
    const head = 'version: 1\ndefaults: {runtime: stub}\n'
    expect(changed(head + before, remove(name))).toBe(head + after)
  })
})

describe('a change is refused', () => {
  const text = 'version: 1\nagents:\n  - name: orchestrator\n    runtime: stub\n'

  test.each<[string, Change, string]>([
    ['when the result would be faulty', add({ name: 'boss', class: 'orchestrator', runtime: 'pi' }), 'invalid'],
    ['when a name would be bad', add({ name: 'a.b', runtime: 'pi' }), 'invalid'],
    ['when a needed key would go', edit('orchestrator', { runtime: null }), 'invalid'],
    ['when the name is taken', add({ name: 'orchestrator', runtime: 'pi' }), 'refused'],
    ['when there is no such agent to change', edit('nobody', { yolo: true }), 'not_found'],
    ['when there is no such agent to remove', remove('nobody'), 'not_found'],
  ])('%s', (_, change, code) => {
    expect(() => changed(text, change)).toThrow(
      expect.objectContaining(code === 'invalid' ? { code } : { code, mend: expect.stringContaining('mosaic ') }),
    )
  })

  test('when the roster is faulty already', () => {
    expect(() => new RosterDocument('version: 1\nagents: [{name: a.b}]\n', 'r')).toThrow(expect.objectContaining({ code: 'invalid' }))
  })

  test('when an anchor would change or vanish under its aliases', () => {
    const shared = 'version: 1\nagents:\n  - &a {name: a, runtime: &r stub}\n  - name: b\n    runtime: *r\n'
    for (const change of [edit('a', { runtime: 'pi' }), remove('a')]) {
      expect(() => changed(shared, change)).toThrow(expect.objectContaining({ code: 'not_done', mend: expect.stringContaining('editor') }))
    }
    expect(changed(shared, edit('b', { runtime: 'pi' }))).toBe(shared.replace('*r', 'pi'))
  })
})

test('many changes in one edit are made one after the other', () => {
  const text = changed('version: 1\ndefaults: {runtime: stub}\nagents: []\n', (document) => {
    for (let index = 0; index < 20; index += 1) document.addAgent({ name: `coder${index}` })
    for (let index = 0; index < 20; index += 2) document.removeAgent(`coder${index}`)
    for (let index = 1; index < 20; index += 2) document.editAgent(`coder${index}`, { alias: `n${index}`, name: `c${index}` })
  })
  expect(text.match(/- name: c\d+\n {4}alias: n\d+\n/g)).toHaveLength(10)
})
