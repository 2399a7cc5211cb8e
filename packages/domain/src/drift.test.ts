import { describe, expect, test } from 'vitest'
import { type AgentDefinition, defineFleet } from './agent.ts'
import { driftReasons, type LaunchedAs, launchedAs } from './drift.ts'

const [defined] = defineFleet(
  { version: 1, agents: [{ name: 'a', runtime: 'pi', model_hint: 'm', working_directory: '/w' }] },
  { tenantId: 't', host: 'h', homeDirectory: '/h', heartbeatIntervalMs: undefined },
).agents as [AgentDefinition]
const argv = ['node', 'pi']
const launched: LaunchedAs = { runtime: 'pi', model: 'm', workingDirectory: '/w', argv }

const drift = (changes: Partial<LaunchedAs>, runtimeProcess: boolean | undefined = true, wanted: readonly string[] | undefined = argv) =>
  driftReasons(defined, { launched: { ...launched, ...changes }, runtimeProcess }, wanted)

describe('drift', () => {
  test('is none when what runs is what a launch would run now', () => {
    expect(drift({})).toEqual([])
  })

  test.each<[string, Partial<LaunchedAs>, RegExp]>([
    ['the runtime', { runtime: 'stub' }, /^runtime: runs stub, roster says pi$/],
    ['the model', { model: null }, /^model: runs the default, roster says m$/],
    ['the directory', { workingDirectory: '/x' }, /^cwd: runs in \/x, roster says \/w$/],
    ['the arguments', { argv: ['node', 'pi', '-x'] }, /^command: /],
  ])('names %s', (_, changes, reason) => {
    expect(drift(changes)).toEqual([expect.stringMatching(reason)])
  })

  test('names a default where the roster asks for no model', () => {
    expect(driftReasons({ ...defined, model: undefined }, { launched, runtimeProcess: true }, argv)).toEqual([
      'model: runs m, roster says the default',
    ])
  })

  test.each<[string, Partial<AgentDefinition>, string]>([
    ['skipped permissions', { yolo: true }, 'yolo: runs with it off, roster says on'],
    ['the effort', { effort: 'max' }, 'effort: runs the default, roster says max'],
    ['a variable that was added', { env: { A: '1', TOKEN: 'hidden' } }, 'env: runs with another TOKEN than the roster gives'],
    ['a variable that was changed', { env: { A: '2' } }, 'env: runs with another A than the roster gives'],
    ['a variable that was removed', { env: {} }, 'env: runs with another A than the roster gives'],
  ])('names %s', (_, change, reason) => {
    const before = { ...defined, env: { A: '1' } }
    const running = { launched: launchedAs(before), runtimeProcess: true }
    expect(driftReasons(before, running, [])).toEqual([])
    expect(driftReasons({ ...before, ...change }, running, [])).toEqual([reason])
  })

  test('of settings is not claimed of a launch whose record does not have them, nor of variables of another runtime', () => {
    expect(driftReasons({ ...defined, yolo: true, effort: 'max', env: { A: '1' } }, { launched, runtimeProcess: true }, argv)).toEqual([])
    const stub = { ...launchedAs({ ...defined, runtime: 'stub', env: { A: '1' } }), argv }
    expect(driftReasons(defined, { launched: stub, runtimeProcess: true }, argv)).toEqual(['runtime: runs stub, roster says pi'])
  })

  test('names everything that differs, but not the arguments that follow from it', () => {
    expect(drift({ runtime: 'stub', model: 'n', argv: ['stub'] })).toHaveLength(2)
  })

  test('tells arguments apart that look alike when joined', () => {
    expect(drift({ argv: ['node pi'] })).toHaveLength(1)
  })

  test('is seen in the process, however the launch was', () => {
    expect(drift({}, false)).toEqual(['process: pi is not what runs in the pane'])
  })

  test('is not claimed of what could not be read', () => {
    expect(drift({}, undefined)).toEqual([])
    expect(drift({ argv: ['other'] }, true, undefined)).not.toContain('command')
    expect(driftReasons(defined, { launched: { ...launched, argv: ['other'] }, runtimeProcess: undefined }, undefined)).toEqual([])
  })

  test('of a session that this fleet did not launch is just that', () => {
    expect(driftReasons(defined, { launched: undefined, runtimeProcess: false }, argv)).toEqual(['it was not launched by this fleet'])
  })
})
