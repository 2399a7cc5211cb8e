/** Rosters of many layouts under random changes: the result says what was meant, and nobody else's text moves. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RosterDocument } from './roster-document.ts'

interface Shape {
  flow: boolean
  lines: boolean
  camel: boolean
  json: boolean
  indent: number
  gap: number
  eol: string
  lastBreak: boolean
  trailingComma: boolean
  agents: { keys: string[]; above: boolean; beside: boolean; blank: boolean }[]
}

const KEYS: Readonly<Record<string, string>> = { model_hint: 'm 1', alias: "A's", working_directory: '~/w', effort: 'low', yolo: 'true' }
const spelled = (key: string, shape: Shape): string =>
  shape.camel ? key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) : key
const written = (key: string, shape: Shape): string => {
  const value = KEYS[key] ?? ''
  const plain = key === 'yolo' ? value : JSON.stringify(value)
  return shape.json ? `${JSON.stringify(spelled(key, shape))}: ${plain}` : `${spelled(key, shape)}: ${plain}`
}

function blockText(shape: Shape): string[] {
  const indent = ' '.repeat(shape.indent)
  return shape.agents.flatMap(({ keys, above, beside, blank }, index) => {
    const pairs = [`name: a${index}`, ...keys.map((key) => written(key, { ...shape, json: false }))]
    return [
      ...(blank ? [''] : []),
      ...(above ? [`${indent}# above ${index}`] : []),
      ...pairs.map((pair, at) => {
        const lead = at === 0 ? `-${' '.repeat(shape.gap)}` : ' '.repeat(1 + shape.gap)
        return `${indent}${lead}${pair}${beside ? `  # in ${index} at ${at}` : ''}`
      }),
    ]
  })
}

function flowText(shape: Shape): string[] {
  const name = (index: number) => (shape.json ? `"name": "a${index}"` : `name: a${index}`)
  const items = shape.agents.map(({ keys }, index) => `{${[name(index), ...keys.map((key) => written(key, shape))].join(', ')}}`)
  if (!shape.lines) return [`[${items.join(', ')}]`]
  const lines = items.map((item, index) => {
    const comma = index < items.length - 1 || shape.trailingComma ? ',' : ''
    return `  ${item}${comma}${shape.agents[index]?.beside === true ? ` # in ${index} at 0` : ''}`
  })
  return ['[', ...lines, ']']
}

function textOf(shape: Shape): string {
  const head = ['# head', 'version: 1', 'defaults: {runtime: stub} # keep']
  const tail = ['# tail', 'budget: {x:   1}']
  const [first = '', ...rest] = flowText(shape)
  const body = shape.flow ? [`agents: ${first}`, ...rest] : ['agents: # list', ...blockText(shape)]
  return [...head, ...body, ...tail].join(shape.eol) + (shape.lastBreak ? shape.eol : '')
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  flow: fc.boolean(),
  lines: fc.boolean(),
  camel: fc.boolean(),
  json: fc.boolean(),
  indent: fc.integer({ min: 0, max: 6 }),
  gap: fc.integer({ min: 1, max: 4 }),
  eol: fc.constantFrom('\n', '\r\n'),
  lastBreak: fc.boolean(),
  trailingComma: fc.boolean(),
  agents: fc.array(
    fc.record({ keys: fc.subarray(Object.keys(KEYS), { minLength: 0 }), above: fc.boolean(), beside: fc.boolean(), blank: fc.boolean() }),
    { minLength: 1, maxLength: 6 },
  ),
})

type Step = { do: 'add'; alias: string } | { do: 'remove'; pick: number } | { do: 'set' | 'unset'; pick: number; key: string }
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('add' as const), alias: fc.constantFrom('x', 'a: b', '# c') }),
    fc.record({ do: fc.constant('remove' as const), pick: fc.nat() }),
    fc.record({ do: fc.constantFrom('set' as const, 'unset' as const), pick: fc.nat(), key: fc.constantFrom('model_hint', 'alias') }),
  ),
  { minLength: 1, maxLength: 5 },
)

/** Makes one change; the names that it touched. */
function make(document: RosterDocument, names: string[], step: Step, serial: number): string | undefined {
  if (step.do === 'add') {
    document.addAgent({ name: `new${serial}`, alias: step.alias, model_hint: 'm' })
    names.push(`new${serial}`)
    return undefined
  }
  const name = names[step.pick % Math.max(1, names.length)]
  if (name === undefined) return undefined
  if (step.do === 'remove') {
    document.removeAgent(name)
    names.splice(names.indexOf(name), 1)
  } else document.editAgent(name, { [step.key]: step.do === 'set' ? `v ${serial}` : null })
  return name
}

test('every change fits into every layout, and no comment of anybody else is lost, moved or reordered', () => {
  fc.assert(
    fc.property(shapes, steps, (shape, plan) => {
      const before = textOf(shape)
      const document = new RosterDocument(before, 'r')
      const names = shape.agents.map((_, index) => `a${index}`)
      const touched = new Set(plan.map((step, serial) => make(document, names, step, serial)))
      expect(document.finish().agents.map(({ name }) => name)).toEqual(names)
      const comments = (text: string) =>
        (text.match(/# (?:head|keep|list|tail|above \d|in \d at \d)/g) ?? []).filter(
          (one) => !touched.has(`a${/in (\d)/.exec(one)?.[1] ?? '-'}`),
        )
      expect(comments(document.text)).toEqual(comments(before))
      // Lines that nobody had a reason to change are there to the byte.
      const kept = before.split('\n').filter((line) => /^(# head|version|defaults|# tail|budget)/.test(line))
      for (const line of kept) expect(document.text.split('\n').map((each) => each.trimEnd())).toContain(line.trimEnd())
      if (shape.eol === '\r\n') expect(document.text.replaceAll('\r\n', '')).not.toContain('\n')
    }),
    { numRuns: 400 },
  )
})
