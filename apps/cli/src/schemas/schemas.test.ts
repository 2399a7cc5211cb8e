import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EXIT } from '../exit-codes.ts'
import { TemporaryHome } from '../test-run.ts'
import { NOUNS, PLAIN_VERBS } from '../verbs.ts'
import { publishedSchemas } from './publish.ts'
import { ErrorAnswerSchema } from './shared.ts'
import { verbSchemas } from './verb-schemas.ts'

const verbs = [
  ...Object.entries(NOUNS).flatMap(([noun, entry]) => Object.keys(entry.verbs).map((verb) => `${noun} ${verb}`)),
  ...Object.keys(PLAIN_VERBS),
]

test('every verb has a schema, and no schema is left without a verb', () => {
  expect(Object.keys(verbSchemas).sort()).toEqual([...verbs].sort())
  expect([...publishedSchemas().keys()].sort()).toEqual([...verbs, 'error'].sort())
})

test.each([...publishedSchemas()])('the schema of %s says which draft it is written in', (_, schema) => {
  expect(schema).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema' })
  expect(() => JSON.stringify(schema)).not.toThrow()
})

/** Verbs that answer without a running fleet, as they are typed. */
const ANSWERS = [
  'fleet init',
  'fleet ps',
  'fleet status',
  'fleet verify',
  'fleet stop',
  'fleet add coder0 --model m',
  'fleet edit coder0 --effort high',
  'fleet remove coder0',
  'fleet pause',
  'fleet resume',
  'fleet escalations --all',
  'fleet comms-block orchestrator',
  'fleet doctor',
  'agent reports enhancer',
  'agent roster',
  'agent list',
  'agent status enhancer',
  'agent show enhancer',
  'agent edit enhancer --alias Ada',
  'agent send enhancer --message hi',
  'agent send enhancer --message hi --verify',
  'completion bash',
  'schema fleet ps',
]

test('what verbs answer fits their published schema, exactly one document each', async () => {
  using home = new TemporaryHome()
  await home.run(['fleet', 'init', '--write'])
  for (const line of ANSWERS) {
    const { stdout, stderr } = await home.run([...line.split(' '), '--json'])
    const path = verbs.find((verb) => line === verb || line.startsWith(`${verb} `)) ?? ''
    const answer: unknown = JSON.parse(stdout)
    const parsed = verbSchemas[path]?.safeParse(answer)
    expect(parsed?.error?.issues ?? [], `${line}: ${stdout} ${stderr}`).toEqual([])
  }
})

test('a stored message has a receipt of the same form', async () => {
  using home = new TemporaryHome()
  await home.run(['fleet', 'init', '--write'])
  const sent = JSON.parse((await home.run(['agent', 'send', 'enhancer', '--message', 'hi', '--json'])).stdout) as { id: string }
  const { status, stdout } = await home.run(['agent', 'receipt', `#${sent.id.toUpperCase()}`, '--json'])
  expect(status).toBe(EXIT.notDone)
  expect(verbSchemas['agent receipt']?.parse(JSON.parse(stdout))).toEqual(sent)
})

test('what fails fits the schema of errors', async () => {
  using home = new TemporaryHome()
  writeFileSync(join(home.path, 'x.yaml'), 'version: 2\n')
  for (const line of [
    'fleet ps',
    'fleet ps --roster /nonexistent',
    `agent list --roster ${join(home.path, 'x.yaml')}`,
    'schema nonsense',
    'agent reset x',
    'agent watch x',
  ]) {
    const { status, stdout } = await home.run([...line.split(' '), '--json'])
    expect(status).not.toBe(EXIT.done)
    expect(ErrorAnswerSchema.safeParse(JSON.parse(stdout)).error?.issues ?? [], stdout).toEqual([])
  }
})
