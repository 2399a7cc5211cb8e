import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AgentEntrySchema, RUNTIME_IDS } from '@mosaic/domain/roster'
import { expect, test } from 'vitest'
import { EXIT } from '../exit-codes.ts'
import { TemporaryHome } from '../test-run.ts'
import { changesOf } from './edit-agent.ts'
import { EFFORT_CHOICES, entryOf, RUNTIME_CHOICES, UNSETTABLE } from './entry-options.ts'

const rosterOf = (home: TemporaryHome) => join(home.path, 'fleet', 'roster.yaml')
const readRoster = (home: TemporaryHome) => readFileSync(rosterOf(home), 'utf8')

test('the choices of options are those of the roster', () => {
  expect(RUNTIME_CHOICES).toEqual(RUNTIME_IDS)
  for (const effort of EFFORT_CHOICES) expect(AgentEntrySchema.shape.effort.safeParse(effort).success).toBe(true)
  for (const key of Object.values(UNSETTABLE)) expect(Object.keys(AgentEntrySchema.shape)).toContain(key)
})

test('options become the keys of an entry, and a command takes what follows behind --', () => {
  expect(entryOf({ model: 'm', command: 'node', yolo: false }, ['x.mjs', '--fast'])).toEqual({
    model_hint: 'm',
    yolo: false,
    command: ['node', 'x.mjs', '--fast'],
  })
  expect(entryOf({ cwd: '~' }, [])).toEqual({ working_directory: '~' })
  expect(entryOf({ cwd: 'apps' }, [])).toEqual({ working_directory: join(process.cwd(), 'apps') })
  expect(() => entryOf({ cwd: 'nowhere' }, [])).toThrow(`no such directory: ${join(process.cwd(), 'nowhere')}`)
  expect(() => entryOf({ cwd: '~/no/where' }, [])).toThrow('no such directory')
  expect(() => entryOf({}, ['stray'])).toThrow('unexpected "stray"')
})

test('keys are taken out by the name of their option', () => {
  expect(changesOf({ unset: ['model', 'cwd'] }, [])).toEqual({ model_hint: null, working_directory: null })
  expect(() => changesOf({ unset: ['name'] }, [])).toThrow('--unset does not know "name"')
  expect(() => changesOf({ unset: ['model'], model: 'x' }, [])).toThrow('contradict')
  expect(() => changesOf({}, [])).toThrow('nothing to change')
})

test('a first roster is shown before it is written, and never overwritten by chance', async () => {
  using home = new TemporaryHome()
  const dry = await home.run(['fleet', 'init', '--profile', 'general'])
  expect(dry).toMatchObject({ status: EXIT.done, stdout: expect.stringContaining('name: orchestrator') })
  expect(dry.stderr).toContain('Dry run')
  expect(existsSync(rosterOf(home))).toBe(false)
  expect((await home.run(['fleet', 'init', '--write'])).status).toBe(EXIT.done)
  expect(readRoster(home)).toBe(dry.stdout)
  const again = await home.run(['fleet', 'init', '--profile', 'coding', '--write'])
  expect(again.status).toBe(EXIT.refused)
  expect(readRoster(home)).toBe(dry.stdout)
})

test('a roster that is replaced by force is kept', async () => {
  using home = new TemporaryHome()
  await home.run(['fleet', 'init', '--write'])
  const mine = `${readRoster(home)}# mine\n`
  writeFileSync(rosterOf(home), mine)
  for (const _ of [1, 2]) expect((await home.run(['fleet', 'init', '--profile', 'coding', '--write', '--force'])).status).toBe(EXIT.done)
  const backups = readdirSync(join(home.path, 'fleet')).filter((name) => name.endsWith('.bak'))
  expect(backups).toHaveLength(2)
  expect(backups.map((name) => readFileSync(join(home.path, 'fleet', name), 'utf8'))).toContain(mine)
})

test('an unknown profile is not found, and the one that was meant is named', async () => {
  using home = new TemporaryHome()
  const { status, stderr } = await home.run(['fleet', 'init', '--profile', 'codng'])
  expect(status).toBe(EXIT.notFound)
  expect(stderr).toContain('did you mean coding?')
})

test('agents are added, changed and removed while the comments of the operator stay', async () => {
  using home = new TemporaryHome()
  await home.run(['fleet', 'init', '--write'])
  writeFileSync(rosterOf(home), `${readRoster(home)}# my own words\n`)
  const run = async (line: string) => (await home.run(line.split(' '))).status
  expect(await run('fleet add coder0 --model m1 --cwd /work')).toBe(EXIT.done)
  expect(await run('fleet add coder0')).toBe(EXIT.refused)
  expect(await run('fleet add co.der')).toBe(EXIT.usage)
  expect(await run('fleet edit coder0 --model m2 --unset cwd --yolo')).toBe(EXIT.done)
  expect(await run('fleet edit coder9 --model m2')).toBe(EXIT.notFound)
  const after = readRoster(home)
  expect(after).toContain('# my own words')
  expect(after).toContain('model_hint: m2')
  expect(after).not.toContain('working_directory: /work')
  expect(await run('agent edit coder0 --model m2')).toBe(EXIT.done)
  expect(readRoster(home)).toBe(after)
  expect(await run('fleet remove coder0')).toBe(EXIT.done)
  expect(await run('fleet remove coder0')).toBe(EXIT.notFound)
  expect(readRoster(home)).not.toContain('coder0')
})

test('the orchestrator and the last enhancer are neither removed nor made into something else', async () => {
  using home = new TemporaryHome()
  await home.run(['fleet', 'init', '--write'])
  const before = readRoster(home)
  for (const line of ['fleet remove orchestrator', 'fleet remove enhancer', 'fleet edit enhancer --class coder']) {
    const { status, stderr } = await home.run(line.split(' '))
    expect(status).toBe(EXIT.refused)
    expect(stderr).toContain('keeps')
  }
  expect(readRoster(home)).toBe(before)
})

test('every change of the roster is in the audit log before it is made', async () => {
  using home = new TemporaryHome()
  await home.run(['fleet', 'init', '--write'])
  await home.run(['fleet', 'add', 'coder0'])
  await home.run(['fleet', 'edit', 'coder0', '--alias', 'Ada'], { env: { MOSAIC_AGENT: 'orchestrator' } })
  const lines = readFileSync(join(home.path, 'fleet', 'audit.jsonl'), 'utf8')
    .trim()
    .split('\n')
  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(records.map(({ verb, agent }) => [verb, agent])).toEqual([
    ['add', 'coder0'],
    ['edit', 'coder0'],
  ])
  expect(records[1]).toMatchObject({ actor: expect.stringMatching(/^\S+@\S+:orchestrator$/), detail: { alias: 'Ada' } })
})

test('fleet up does not change a roster that is another fleet', async () => {
  using home = new TemporaryHome()
  await home.run(['fleet', 'init', '--write'])
  const before = readRoster(home)
  for (const options of [
    ['--runtime', 'pi'],
    ['--profile', 'coding'],
  ]) {
    const { status, stderr } = await home.run(['fleet', 'up', ...options])
    expect(status).toBe(EXIT.refused)
    expect(stderr).toContain('--write --force')
  }
  expect(readRoster(home)).toBe(before)
})

test('fleet up writes no roster for a runtime that is not there', async () => {
  using home = new TemporaryHome()
  expect((await home.run(['fleet', 'up', '--runtime', 'claude'], { env: { PATH: '/nonexistent' } })).status).toBe(EXIT.missing)
  expect(existsSync(rosterOf(home))).toBe(false)
})

test('a faulty roster is refused with file, line and column by everything that reads it', async () => {
  using home = new TemporaryHome()
  await home.run(['fleet', 'init', '--write'])
  writeFileSync(rosterOf(home), readRoster(home).replace('name: enhancer', 'name: enhan.cer'))
  for (const line of ['agent list', 'fleet ps', 'fleet add coder0', 'fleet comms-block orchestrator']) {
    const { status, stderr } = await home.run(line.split(' '))
    expect(status).toBe(EXIT.usage)
    expect(stderr).toMatch(/roster\.yaml:\d+:\d+: .*name/)
  }
})
