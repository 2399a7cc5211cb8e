import { describe, expect, test } from 'vitest'
import { type AgentDefinition, defineFleet, type MachineDefaults } from './agent.ts'
import { DEFAULT_HEARTBEAT_INTERVAL_MS } from './heartbeat.ts'
import { type AgentEntry, DEFAULT_HOLDER_SESSION, type Roster } from './roster.ts'

const machine: MachineDefaults = { tenantId: 'ada', host: 'here', homeDirectory: '/home/ada', heartbeatIntervalMs: undefined }
const rosterOf = (roster: Partial<Roster>): Roster => ({ version: 1, agents: [], ...roster })
const only = (entry: AgentEntry, roster: Partial<Roster> = {}, on: MachineDefaults = machine): AgentDefinition => {
  const [agent] = defineFleet(rosterOf({ ...roster, agents: [entry] }), on).agents
  if (agent === undefined) throw new Error('the roster lost its agent')
  return agent
}

describe('a fleet', () => {
  test('takes from the machine what its roster leaves out', () => {
    expect(defineFleet(rosterOf({}), machine)).toEqual({
      tenantId: 'ada',
      host: 'here',
      socketName: undefined,
      holderSession: DEFAULT_HOLDER_SESSION,
      agents: [],
    })
  })

  test('is what its roster says where it says something', () => {
    const roster = rosterOf({ tenant_id: 'grace', host: 'there', tmux: { socket_name: 'own', holder_session: 'keeper' } })
    expect(defineFleet(roster, machine)).toMatchObject({ tenantId: 'grace', host: 'there', socketName: 'own', holderSession: 'keeper' })
  })

  test('keeps the order of its agents', () => {
    const agents = ['b', 'a', 'c'].map((name) => ({ name, runtime: 'stub' as const }))
    expect(defineFleet(rosterOf({ agents }), machine).agents.map(({ name }) => name)).toEqual(['b', 'a', 'c'])
  })
})

describe('an agent', () => {
  test('that says only its name and runtime gets every default', () => {
    expect(only({ name: 'coder0', runtime: 'pi' })).toEqual({
      name: 'coder0',
      class: 'coder',
      alias: undefined,
      address: { tenant_id: 'ada', host: 'here', session: 'coder0' },
      runtime: 'pi',
      model: undefined,
      effort: undefined,
      workingDirectory: '/home/ada',
      command: undefined,
      env: {},
      inherit: [],
      screenRules: undefined,
      account: undefined,
      heartbeatIntervalMs: DEFAULT_HEARTBEAT_INTERVAL_MS,
      yolo: false,
      lifecycle: 'core',
      local: true,
      ssh: undefined,
    })
  })

  test('prefers its own word to the fleet’s defaults, and those to the machine’s', () => {
    const defaults = { runtime: 'pi' as const, model: 'm', working_directory: '/work' }
    expect(only({ name: 'a' }, { defaults })).toMatchObject({ runtime: 'pi', model: 'm', workingDirectory: '/work' })
    expect(only({ name: 'a', runtime: 'stub', model_hint: 'n', working_directory: '/own' }, { defaults })).toMatchObject({
      runtime: 'stub',
      model: 'n',
      workingDirectory: '/own',
    })
  })

  test('has the settings of its own runtime and of no other', () => {
    const runtimes = {
      pi: { command: ['pi', '--x'], env: { A: '1' }, reset_command: '/new', heartbeat_interval: 0.5 },
      stub: { env: { B: '2' } },
    }
    expect(only({ name: 'a', runtime: 'pi' }, { runtimes })).toMatchObject({
      command: ['pi', '--x'],
      env: { A: '1' },
      heartbeatIntervalMs: 500,
    })
    expect(only({ name: 'a', runtime: 'stub' }, { runtimes })).toMatchObject({ command: undefined, env: { B: '2' } })
    expect(only({ name: 'a', runtime: 'pi', command: ['mine'] }, { runtimes }).command).toEqual(['mine'])
  })

  test('answers as often as its runtime’s settings, else the environment, else the default say', () => {
    const hurried = { ...machine, heartbeatIntervalMs: 100 }
    expect(only({ name: 'a', runtime: 'pi' }, {}, hurried).heartbeatIntervalMs).toBe(100)
    expect(only({ name: 'a', runtime: 'pi' }, { runtimes: { pi: { heartbeat_interval: 2 } } }, hurried).heartbeatIntervalMs).toBe(2000)
  })

  test.each([
    ['~', '/home/ada'],
    ['~/work', '/home/ada/work'],
    ['/abs', '/abs'],
  ])('with the working directory %s starts in %s', (given, expected) => {
    expect(only({ name: 'a', runtime: 'pi', working_directory: given }).workingDirectory).toBe(expected)
  })

  test('is local unless it names another host', () => {
    expect(only({ name: 'a', runtime: 'pi', host: 'here' }).local).toBe(true)
    expect(only({ name: 'a', runtime: 'pi', host: 'away', ssh: 'ada@away' })).toMatchObject({
      local: false,
      ssh: 'ada@away',
      address: { tenant_id: 'ada', host: 'away', session: 'a' },
    })
  })
})
