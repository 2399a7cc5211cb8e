import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FleetError } from '@mosaic/domain/error'
import { expect, test } from 'vitest'
import { suggestName } from './did-you-mean.ts'
import { rosterNames } from './roster-names.ts'
import { TemporaryHome } from './test-run.ts'

const TEXT = `version: 1
tmux: { socket_name: not-an-agent }
agents:
  - name: orchestrator # leads
    class: orchestrator
  - { runtime: stub, name: coder0 }
  - class: enhancer
    name: "enhancer"
  - name: 'coder0'
  - {"name":"coder1","runtime":"stub"}
`

test('names are found in block and flow style, quoted or not, each once', () => {
  using home = new TemporaryHome()
  const file = join(home.path, 'roster.yaml')
  writeFileSync(file, TEXT)
  expect(rosterNames(file)).toEqual(['orchestrator', 'coder0', 'enhancer', 'coder1'])
})

test('a file that is not there has no names', () => {
  expect(rosterNames('/nonexistent/roster.yaml')).toEqual([])
})

test('a name that is nearly one of the roster gets the one that was meant', () => {
  using home = new TemporaryHome()
  const file = join(home.path, 'roster.yaml')
  writeFileSync(file, TEXT)
  const mend = (name: string) => suggestName(new FleetError('not_found', `no agent "${name}" in the roster`, { mend: 'list' }), file).mend
  expect(mend('codr0')).toBe('did you mean coder0?')
  expect(mend('Orchestrator')).toBe('did you mean orchestrator?')
  expect(mend('zebra')).toBe('list')
})
