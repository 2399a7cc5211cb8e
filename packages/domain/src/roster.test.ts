import { describe, expect, test } from 'vitest'
import {
  type AgentEntry,
  DEFAULT_HOLDER_SESSION,
  ISOLATION_SOCKET,
  type Roster,
  type RosterIssue,
  RosterSchema,
  snakeKeys,
  toSnake,
} from './roster.ts'

const agent: AgentEntry = { name: 'a', runtime: 'stub' }
const base: Roster = { version: 1, agents: [agent] }
const problems = (value: unknown): string[] => {
  const result = RosterSchema.safeParse(value)
  return result.success ? [] : result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
}
const entry = (changes: Record<string, unknown>): unknown => ({ version: 1, agents: [{ ...agent, ...changes }] })

describe('a roster', () => {
  test('needs a version and a list of agents, and nothing else', () => {
    expect(problems({ version: 1, agents: [] })).toEqual([])
    expect(problems({ agents: [] })).toHaveLength(1)
    expect(problems({ version: 1 })).toHaveLength(1)
    expect(problems({ version: 2, agents: [] })).toHaveLength(1)
    expect(problems({ version: '1', agents: [] })).toHaveLength(1)
  })

  test('may say everything that is in the format', () => {
    const full: Roster = {
      version: 1,
      transport: 'tmux',
      tenant_id: 'ada.l',
      host: 'here.example',
      tmux: { socket_name: ISOLATION_SOCKET, holder_session: 'keeper' },
      defaults: { working_directory: '~/work', runtime: 'pi', model: 'm' },
      runtimes: { pi: { command: ['pi'], reset_command: '/new', env: { A: 'x\ny' }, heartbeat_interval: 0.5 }, stub: {} },
      connector: { kind: 'discord', channel: 'c' },
      budget: { daily_usd: 5 },
      agents: [
        {
          name: 'coder0',
          runtime: 'stub',
          class: 'coder',
          alias: 'Ada 😀',
          model_hint: 'm',
          effort: 'high',
          working_directory: '/w',
          host: 'away',
          ssh: 'ada@away',
          socket: 'own',
          account: 'main',
          yolo: true,
          command: ['x', '-y'],
          persistent_persona: true,
          reset_between_tasks: false,
          kickstart_template: 'Do {task}',
          lifecycle: 'ephemeral',
        },
      ],
    }
    expect(RosterSchema.parse(full)).toEqual(full)
  })

  test.each<[string, unknown]>([
    ['of its own', { ...base, extra: 1 }],
    ['of an agent', entry({ extra: 1 })],
    ['of tmux', { ...base, tmux: { socket: 'x' } }],
    ['of defaults', { ...base, defaults: { model_hint: 'x' } }],
    ['of a runtime', { ...base, runtimes: { pi: { interval: 1 } } }],
    ['that is no runtime', { ...base, runtimes: { vim: {} } }],
  ])('has no unknown key %s', (_, value) => {
    expect(problems(value)).toHaveLength(1)
  })

  test('has each name once', () => {
    expect(problems({ version: 1, agents: [agent, { ...agent }, { ...agent, name: 'b' }] })).toEqual([
      'agents.1.name: a name of its own; agents[0] has this one already',
    ])
  })

  test('has one orchestrator, by class or by name', () => {
    const orchestrator = { name: 'orchestrator', runtime: 'stub' }
    expect(problems({ version: 1, agents: [orchestrator, { ...agent, class: 'orchestrator' }] })).toEqual([
      'agents.1.class: one orchestrator per fleet; agents[0] is it already',
    ])
    expect(
      problems({
        version: 1,
        agents: [
          { ...agent, class: 'orchestrator' },
          { ...orchestrator, name: 'orchestrator2' },
        ],
      }),
    ).toEqual(['agents.1.name: one orchestrator per fleet; agents[0] is it already'])
    expect(problems({ version: 1, agents: [orchestrator, { ...orchestrator, name: 'orchestrator2', class: 'worker' }] })).toEqual([])
  })

  test('gives no agent the holder’s session', () => {
    expect(problems({ version: 1, agents: [{ ...agent, name: DEFAULT_HOLDER_SESSION }] })).toHaveLength(1)
    expect(problems({ version: 1, tmux: { holder_session: 'a' }, agents: [agent] })).toHaveLength(1)
    expect(problems({ version: 1, tmux: { holder_session: 'b' }, agents: [{ ...agent, name: DEFAULT_HOLDER_SESSION }] })).toEqual([])
  })

  test('gives every agent a runtime, of its own or by default', () => {
    expect(problems({ version: 1, agents: [{ name: 'a' }] })).toEqual(['agents.0: a runtime, here or in defaults.runtime'])
    expect(problems({ version: 1, defaults: { runtime: 'pi' }, agents: [{ name: 'a' }] })).toEqual([])
  })
})

describe('a value in a roster', () => {
  test.each(['a.b', 'a:b', '', '-a', 'a b', 'ä', 'x'.repeat(65), '=a', '../a'])('that is a name is not %j, anywhere', (name) => {
    expect(problems(entry({ name }))).toHaveLength(1)
    expect(problems(entry({ socket: name }))).toHaveLength(1)
    expect(problems(entry({ account: name }))).toHaveLength(1)
    expect(problems({ ...base, tmux: { socket_name: name } })).toHaveLength(1)
    expect(problems({ ...base, tmux: { holder_session: name } })).toHaveLength(1)
  })

  test('says why a dot or a colon is no part of a name', () => {
    expect(problems(entry({ name: 'a.b' }))[0]).toMatch(/another tmux target/)
  })

  test.each<[string, unknown]>([
    ['class', 'boss'],
    ['runtime', 'Vim'],
    ['effort', 'most'],
    ['lifecycle', 'always'],
    ['yolo', 'yes'],
    ['alias', ''],
    ['alias', 'a\nb'],
    ['alias', '\u001b[31m'],
    ['alias', 'x'.repeat(4097)],
    ['model_hint', 4.5],
    ['working_directory', 'work'],
    ['working_directory', './work'],
    ['working_directory', '~grace/work'],
    ['working_directory', '/a\u0000b'],
    ['host', '-h'],
    ['host', 'a b'],
    ['command', 'pi --x'],
    ['command', []],
    ['command', ['']],
    ['command', ['a', 'b\nc']],
    ['command', Array(65).fill('x')],
    ['kickstart_template', 'a\nb'],
    ['name', null],
  ])('%s is not %j', (key, value) => {
    expect(problems(entry({ [key]: value }))).toHaveLength(1)
  })

  test.each([0, -1, 1e-9, 0.099, 3601, Number.POSITIVE_INFINITY, Number.NaN, '15'])(
    'heartbeat_interval is not %j',
    (heartbeat_interval) => {
      expect(problems({ ...base, runtimes: { pi: { heartbeat_interval } } })).toHaveLength(1)
    },
  )

  test.each<Record<string, unknown>>([
    { 'A-B': 'x' },
    { '1A': 'x' },
    { '': 'x' },
    { A: 1 },
    { A: null },
    { A: 'a\u0000b' },
    { A: '\u001b' },
    { A: '\ud800' },
    { A: 'x'.repeat(64 * 1024 + 1) },
    { A: '漢'.repeat(22_000) },
    { ['A'.repeat(257)]: 'x' },
    Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`V${at}`, 'x'.repeat(60_000)])),
  ])('env is not %j', (env) => {
    expect(problems({ ...base, runtimes: { pi: { env } } })).toHaveLength(1)
  })
})

test('the published schema knows the shape of names, so that an editor marks a bad one', () => {
  const published = RosterSchema.toJSONSchema() as unknown as {
    properties: { agents: { items: { properties: { name: { pattern: string } } } } }
  }
  const pattern = new RegExp(published.properties.agents.items.properties.name.pattern)
  expect(pattern.test('coder0')).toBe(true)
  expect(pattern.test('a.b')).toBe(false)
})

describe('the spelling of keys', () => {
  test.each([
    ['modelHint', 'model_hint'],
    ['resetBetweenTasks', 'reset_between_tasks'],
    ['tenantId', 'tenant_id'],
    ['model_hint', 'model_hint'],
    ['NAME', 'NAME'],
    ['name', 'name'],
    ['', ''],
  ])('of %j is %j', (key, snake) => {
    expect(toSnake(key)).toBe(snake)
  })

  test('is settled everywhere but in what is the operator’s own', () => {
    const given = {
      tenantId: 't',
      runtimes: { pi: { heartbeatInterval: 1, env: { MyVar: 'x', myVar: 'y' } } },
      connector: { kind: 'discord', channelId: 'c' },
      budget: { dailyUsd: 1 },
      agents: [{ modelHint: 'm' }],
    }
    const issues: RosterIssue[] = []
    expect(JSON.parse(JSON.stringify(snakeKeys(given, [], issues)))).toEqual({
      tenant_id: 't',
      runtimes: { pi: { heartbeat_interval: 1, env: { MyVar: 'x', myVar: 'y' } } },
      connector: { kind: 'discord', channelId: 'c' },
      budget: { dailyUsd: 1 },
      agents: [{ model_hint: 'm' }],
    })
    expect(issues).toEqual([])
  })

  test('may not be both in one place', () => {
    const issues: RosterIssue[] = []
    snakeKeys({ agents: [{ model_hint: 'a', modelHint: 'b' }] }, [], issues)
    expect(issues).toEqual([
      { path: ['agents', 0, 'modelHint'], at: 'key', found: 'modelHint', expected: 'one spelling of model_hint', mend: expect.any(String) },
    ])
  })
})
