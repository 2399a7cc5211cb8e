/** Rosters that nobody would write: mutations of good ones, YAML soup and random JSON, the same for the same seed. */

import fc from 'fast-check'

export interface FuzzedRoster {
  /** How it was made. */
  kind: string
  text: string
}

/** Numbers in [0, 1) from a seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const LIVED_IN = `# My fleet
version: 1
tenant_id: ada
tmux: {socket_name: 'mosaic-fleet'}   # isolated
defaults:
    runtime: "stub"
runtimes:
  pi: &pi
    env: {A: "1", B: "two words"}
    heartbeat_interval: 0.5
  codex: *pi

agents:
  # the core
  - name: orchestrator
    alias: 'Ada'
  - name: enhancer

  - name: coder0
    model_hint: m-1
    command:
      - node
      - x.js
    lifecycle: ephemeral
budget: {daily_usd: 5}
`
const CAMEL =
  'version: 1\r\ntenantId: t\r\nagents:\r\n- {name: a, runtime: pi, modelHint: m}\r\n- {name: b, runtime: stub, workingDirectory: ~/w}\r\n'
const JSON_TEXT = '{"version":1,"agents":[{"name":"a","runtime":"stub","command":["x","-y"]},{"name":"b","runtime":"pi","yolo":true}]}'
const MANY = `version: 1\nagents:\n${Array.from({ length: 120 }, (_, index) => `  - name: coder${index}\n    runtime: stub\n    class: coder\n    working_directory: ~/w/${index}\n`).join('')}`
const GOOD = [LIVED_IN, LIVED_IN, LIVED_IN, CAMEL, JSON_TEXT, MANY]

const ODD_TEXTS = [
  '\u0000',
  '\t',
  '\r',
  '\ufeff',
  '\u001b[2J',
  '\ud800',
  '😀',
  '\u2028',
  '  ',
  '\n',
  '\n\n',
  '"',
  "'",
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  ': ',
  '- ',
  '? ',
  '#',
  '&a ',
  '*a',
  '!t ',
  '|',
  '>',
  '%',
  '@',
  '`',
  '---\n',
  '...\n',
  '<<: ',
  '~',
  '\\',
]
const ODD_TOKENS = [
  ...ODD_TEXTS,
  'version',
  'agents',
  'name',
  'runtime',
  'stub',
  'null',
  'true',
  '0',
  '-1',
  '1e999',
  '.inf',
  '.nan',
  '0x1F',
  '1_000',
  '2026-01-01',
  '__proto__',
  'constructor',
  'toString',
  'a.b',
  'x'.repeat(5000),
  '!!binary aGk=',
  '!!set {a}',
  '!!omap []',
  '%YAML 1.1',
  '{'.repeat(50),
  '- '.repeat(50),
]

class Fuzzer {
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = randomOf(seed)
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  /** `times` random edits, each a cut and an insertion. */
  characters(text: string): string {
    let out = text
    for (let times = 1 + this.below(8); times > 0; times -= 1) {
      const at = this.below(out.length + 1)
      const insertion = this.#random() < 0.5 ? this.pick(ODD_TEXTS) : String.fromCharCode(this.below(this.#random() < 0.8 ? 128 : 65_536))
      out = out.slice(0, at) + (this.#random() < 0.7 ? insertion : '') + out.slice(at + this.below(this.#random() < 0.9 ? 3 : 200))
    }
    return out
  }

  lines(text: string): string {
    const lines = text.split('\n')
    for (let times = 1 + this.below(6); times > 0; times -= 1) {
      const at = this.below(lines.length)
      const line = lines[at] ?? ''
      const how = this.below(6)
      if (how === 0) lines.splice(at, 1)
      else if (how === 1) lines.splice(this.below(lines.length), 0, line)
      else if (how === 2) lines[at] = this.pick([' ', '    ', '\t', '- ']) + line
      else if (how === 3) lines[at] = line.trimStart()
      else if (how === 4) lines[at] = line + this.pick(ODD_TOKENS)
      else lines.splice(at, 1 + this.below(10))
    }
    return lines.join('\n')
  }

  tokens(text: string): string {
    const tokens = text.split(/(\s+|[:,{}[\]])/)
    for (let times = 1 + this.below(6); times > 0; times -= 1) tokens[this.below(tokens.length)] = this.pick(ODD_TOKENS)
    return tokens.join('')
  }

  /** A good roster's value with keys lost, doubled, renamed, values of other kinds, and things wrapped in one another. */
  structure(): string {
    const change = (value: unknown, depth: number): unknown => {
      if (this.#random() < 0.04)
        return this.pick<unknown>([null, 0, -1, 1e308, true, '', 'a.b', [], {}, [[]], 'x'.repeat(200), { name: 'a' }, value])
      if (this.#random() < 0.02) return Array.from({ length: this.below(40) }).reduce((inner) => [inner], value)
      if (Array.isArray(value)) {
        const items = value.map((item) => change(item, depth + 1))
        return this.#random() < 0.1 ? [...items, ...items] : items
      }
      if (value === null || typeof value !== 'object') return value
      const pairs = Object.entries(value).flatMap(([key, item]) => {
        if (this.#random() < 0.03) return []
        return [[this.#random() < 0.03 ? this.pick(ODD_TOKENS) : key, change(item, depth + 1)] as const]
      })
      return Object.fromEntries(pairs)
    }
    return JSON.stringify(change(JSON.parse(JSON_TEXT), 0), null, this.pick([0, 1, 4]))
  }

  soup(): string {
    let out = this.#random() < 0.5 ? 'version: 1\nagents:\n' : ''
    for (let times = this.below(this.#random() < 0.95 ? 60 : 2000); times > 0; times -= 1) {
      out += this.pick(ODD_TOKENS) + this.pick(['', '', ' ', '\n', '\n  ', ': ', ', '])
      if (out.length > 60_000) break
    }
    return out
  }
}

const jsonTexts = (seed: number, count: number): string[] =>
  fc.sample(
    fc.oneof(
      fc.json({ maxDepth: 6 }),
      fc.json({ maxDepth: 3 }).map((agents) => `{"version": 1, "agents": ${agents}}`),
    ),
    { seed, numRuns: count },
  )

/** `count` rosters, a seventh of each kind. */
export function* fuzzedRosters(seed: number, count: number): Generator<FuzzedRoster> {
  const fuzzer = new Fuzzer(seed)
  const json = jsonTexts(seed, Math.ceil(count / 7))
  for (let index = 0; index < count; index += 1) {
    const good = fuzzer.pick(GOOD)
    const round = index % 7
    if (round === 0) yield { kind: 'characters', text: fuzzer.characters(good) }
    else if (round === 1) yield { kind: 'lines', text: fuzzer.lines(good) }
    else if (round === 2) yield { kind: 'tokens', text: fuzzer.tokens(good) }
    else if (round === 3) yield { kind: 'structure', text: fuzzer.structure() }
    else if (round === 4) yield { kind: 'soup', text: fuzzer.soup() }
    else if (round === 5) yield { kind: 'json', text: json[(index - 5) / 7] ?? '' }
    else yield { kind: 'lines and characters', text: fuzzer.characters(fuzzer.lines(good)) }
  }
}

/** What is wrong with an answer to `text`, or `undefined`: a faulty roster has faults, each with a place within the text. */
export function answerProblem(
  text: string,
  answer: { ok: true } | { ok: false; faults: readonly { line: number; column: number; expected: string }[] },
): string | undefined {
  if (answer.ok) return undefined
  if (answer.faults.length === 0) return 'refused without a fault'
  const lines = text.split('\n')
  for (const { line, column, expected } of answer.faults) {
    const length = lines[line - 1]?.length
    if (length === undefined || column < 1 || column > length + 1) return `a fault outside of the file, at ${line}:${column}`
    if (expected === '') return `a fault that expects nothing, at ${line}:${column}`
  }
  return undefined
}
