import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readRosterText } from '@mosaic/host/roster-file/read-roster'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')

test('every generated file in the repository is what its generator makes now', () => {
  execFileSync(process.execPath, [join(import.meta.dirname, 'generate.ts'), '--check'], { stdio: ['ignore', 'ignore', 'pipe'] })
})

test('the examples in the documentation of the roster are good rosters', () => {
  const text = readFileSync(join(root, 'docs', 'roster.md'), 'utf8')
  const examples = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, example]) => example ?? '')
  expect(examples.length).toBeGreaterThan(0)
  for (const example of examples) expect(readRosterText(example, 'docs/roster.md')).toMatchObject({ ok: true })
})

test('the published schema names itself and its draft', () => {
  const schema: unknown = JSON.parse(readFileSync(join(root, 'docs', 'generated', 'roster.schema.json'), 'utf8'))
  expect(schema).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:mosaic-fleet:schema:roster:1',
    title: expect.any(String),
    required: ['version', 'agents'],
    additionalProperties: false,
  })
})
