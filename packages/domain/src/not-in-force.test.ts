import { expect, test } from 'vitest'
import { NOT_IN_FORCE, notInForce } from './not-in-force.ts'
import { AgentEntrySchema, type Roster, RosterSchema } from './roster.ts'

const roster = (changes: object): Roster => RosterSchema.parse({ version: 1, agents: [{ name: 'a', runtime: 'stub' }], ...changes })

test('a roster that asks for what there is asks for nothing in vain', () => {
  const agents = [{ name: 'a', runtime: 'stub', host: 'here', yolo: true, effort: 'max', persistent_persona: false }]
  expect(notInForce(roster({ agents, runtimes: { pi: { env: { A: '1' } } } }), 'here')).toEqual([])
  expect(notInForce(roster({ host: 'named', agents: [{ name: 'a', runtime: 'stub', host: 'named' }] }), 'here')).toEqual([])
})

test('what is not in force is named with where it stands, and a long list is cut', () => {
  const agents = Array.from({ length: 5 }, (_, index) => ({ name: `coder${index}`, runtime: 'stub', kickstart_template: 'go' }))
  const changes = { budget: { usd: 5 }, connector: { kind: 'slack' }, runtimes: { pi: { reset_command: '/new' } } }
  expect(
    notInForce(roster({ ...changes, agents: [...agents, { name: 'far', runtime: 'stub', host: 'there', ssh: 'x' }] }), 'here'),
  ).toEqual([
    'connector',
    'budget',
    'reset_command (pi)',
    'ssh (far)',
    'kickstart_template (coder0, coder1, coder2 and 2 more)',
    'host (far)',
  ])
})

test('each key of the list is found at an agent', () => {
  for (const key of NOT_IN_FORCE.agents) {
    const value = AgentEntrySchema.shape[key as 'kickstart_template'].safeParse('x').success ? 'x' : true
    expect(notInForce(roster({ agents: [{ name: 'a', runtime: 'stub', [key]: value }] }), 'here')).toEqual([`${key} (a)`])
  }
})
