import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '@mosaic/testkit/until'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EXIT } from './exit-codes.ts'
import { HEAVY, loadedBy } from './loaded-files.ts'
import { verbSchemas } from './schemas/verb-schemas.ts'
import { TemporaryHome } from './test-run.ts'

const home = new TemporaryHome()

async function json(line: string): Promise<{ status: number; answer: Record<string, unknown> }> {
  const { status, stdout } = await home.run([...line.split(' '), '--json'])
  const path = Object.keys(verbSchemas).find((verb) => line === verb || line.startsWith(`${verb} `)) ?? ''
  const answer = JSON.parse(stdout) as Record<string, unknown>
  expect(verbSchemas[path]?.safeParse(answer).error?.issues ?? [], stdout).toEqual([])
  return { status, answer }
}

beforeAll(async () => {
  const { status, stdout, stderr } = await home.run(['fleet', 'up'])
  expect(status, stdout + stderr).toBe(EXIT.done)
})

afterAll(async () => {
  await home.run(['fleet', 'stop'])
  home[Symbol.dispose]()
})

test('a second fleet up changes nothing and says so', async () => {
  const { status, answer } = await json('fleet up')
  expect(status).toBe(EXIT.done)
  expect(answer).toMatchObject({ did: 'unchanged', healthy: true, roster: { created: false } })
  expect((await home.run(['fleet', 'up'])).stdout).toContain('up already; nothing was changed')
})

test('what the roster asks for in vain is named in one line beside the answer', async () => {
  const roster = join(home.path, 'fleet', 'roster.yaml')
  const before = readFileSync(roster, 'utf8')
  expect((await home.run(['fleet', 'up'])).stderr).not.toContain('roster')
  writeFileSync(roster, `${before}budget: {usd_per_day: 5}\n`)
  const { status, stderr } = await home.run(['fleet', 'up'])
  writeFileSync(roster, before)
  expect(status).toBe(EXIT.done)
  expect(stderr.match(/.*roster.*\n/g)).toEqual(['The roster asks for what is not in force in this version: budget\n'])
})

test.each(['fleet ps', 'fleet ps --json', 'agent status orchestrator', 'agent send enhancer --message hello --verify'])(
  'mosaic %s with the fleet up loads no schema library and no YAML',
  (line) => {
    const { status, files } = loadedBy(spawnSync, line.split(' '), home.path)
    expect(status).toBe(EXIT.done)
    expect(files.filter((file) => HEAVY.test(file))).toEqual([])
  },
)

test('what verbs answer about a running fleet fits their published schema', async () => {
  for (const line of [
    'fleet ps',
    'fleet status',
    'fleet verify',
    'fleet start',
    'agent status',
    'agent show orchestrator',
    'agent tail orchestrator',
    'fleet doctor',
  ]) {
    expect((await json(line)).status, line).toBe(EXIT.done)
  }
})

test('a verified send is accepted by the word of the runtime, and its receipt is kept', async () => {
  const { status, answer } = await json('agent send orchestrator --verify --message -rf;')
  expect(status).toBe(EXIT.done)
  expect(answer).toMatchObject({ state: 'accepted', signal: 'stub:accepted', bytes: 4 })
  expect((await json(`agent receipt ${answer['id']}`)).answer).toEqual(answer)
})

test('a verified send to a stopped agent ends at once, with nothing stored', async () => {
  await json('fleet add coder0 --no-start')
  const { status, answer } = await json('agent send coder0 --verify --message hi')
  expect(status).toBe(EXIT.notDone)
  expect(answer).toMatchObject({ state: 'refused', reason: 'not-running' })
  expect((await home.run(['agent', 'receipt', String(answer['id'])])).status).toBe(EXIT.notFound)
  const { stdout } = await home.run(['agent', 'send', 'coder0', '--verify', '--message', 'hi'])
  expect(stdout).toBe('not accepted by coder0: not-running, it is stopped; nothing was stored\n  mend: mosaic fleet start coder0\n')
})

test('an agent that is stopped is not running, and one that nobody knows is not found', async () => {
  for (const verb of ['tail', 'attach', 'watch']) {
    const terminal = { columns: 80, rows: 24 }
    const stopped = await home.run(['agent', verb, 'coder0'], { terminal })
    expect(stopped, verb).toMatchObject({ status: EXIT.notDone, stdout: '' })
    expect(stopped.stderr).toMatch(/coder0 is not running\n.*mend:.* mosaic fleet start coder0/)
    expect((await home.run(['agent', verb, 'coder7'], { terminal })).status).toBe(EXIT.notFound)
  }
  const { stdout } = await home.run(['agent', 'tail', 'coder0', '--json'])
  expect(JSON.parse(stdout)).toMatchObject({ error: { reason: 'not-running', mend: expect.stringContaining('mosaic fleet start coder0') } })
})

test('an agent that is dead shows its last screen, and that it is the last one', async () => {
  await home.run(['fleet', 'add', 'brief', '--command', 'sh', '--', '-c', 'echo my last words; exit 3'])
  const tail = await until(
    async () => {
      const result = await home.run(['agent', 'tail', 'brief', '--json'])
      return result.stderr.includes('exit 3') ? result : undefined
    },
    { what: 'the screen of a dead agent', withinMs: 30_000 },
  )
  expect(tail.status).toBe(EXIT.done)
  expect(tail.stdout).toContain('my last words')
  expect(tail.stderr).toContain('this is its last screen')
  await home.run(['fleet', 'remove', 'brief'])
})

describe('another roster than that of the running fleet', () => {
  const other = join(home.path, 'other.yaml')
  const own = join(home.path, 'fleet', 'roster.yaml')
  beforeAll(() => writeFileSync(other, readFileSync(own)))

  test.each([
    'fleet up',
    'fleet start',
    'fleet stop',
    'fleet add coder9',
    'agent send orchestrator --message hi',
    'fleet init --write --force',
  ])('is refused by %s, with the one in use and the mend', async (line) => {
    const { status, stderr } = await home.run([...line.split(' '), '--roster', other])
    expect(status).toBe(EXIT.refused)
    expect(stderr).toContain(`the fleet that runs goes by another roster: ${own}\n  where: ${other}\n`)
    expect(stderr).toContain(`mosaic --roster ${own} fleet stop`)
    expect(readFileSync(other, 'utf8')).toBe(readFileSync(own, 'utf8'))
  })

  test.each(['fleet ps', 'fleet verify orchestrator', 'agent list', 'agent tail orchestrator --json'])(
    'is told of by %s, which only looks',
    async (line) => {
      const { status, stderr } = await home.run([...line.split(' '), '--roster', other])
      expect(status).toBe(EXIT.done)
      expect(stderr).toContain(`goes by another roster: ${own}, not by ${other}\n`)
    },
  )

  test('is none when a link leads to the same file', async () => {
    const link = join(home.path, 'link.yaml')
    symlinkSync(own, link)
    const { status, stderr } = await home.run(['fleet', 'start', 'orchestrator', '--roster', link])
    expect(status).toBe(EXIT.done)
    expect(stderr).not.toContain('another roster')
  })
})

test('the questions of a new fleet are not asked while one runs', async () => {
  const { status, stdout, stderr } = await home.run(['fleet', 'init'], { terminal: { columns: 80, rows: 24 } })
  expect({ status, stdout }).toEqual({ status: EXIT.refused, stdout: '' })
  expect(stderr).toContain('the fleet of the present roster runs')
})

test('a verified send of what waits for a stopped agent tells of that, instead of a refusal', async () => {
  const { answer } = await json('agent send coder0 --message later')
  expect(answer).toMatchObject({ state: 'stored' })
  const again = await json(`agent send coder0 --message later --verify --id ${answer['id']}`)
  expect(again).toMatchObject({ status: EXIT.notDone, answer: { id: answer['id'], state: 'stored', reason: 'not-running' } })
})

test('an agent that is added to a running fleet starts, and one that is changed is restarted alone', async () => {
  expect((await json('fleet add coder1')).answer).toMatchObject({ did: 'added', outcome: { did: 'started' } })
  const before = await json('agent status orchestrator coder1')
  expect((await json('agent edit coder1 --effort high')).answer).toMatchObject({ did: 'changed', outcome: { did: 'restarted' } })
  expect((await json('fleet edit coder1 --alias Ada')).answer).toMatchObject({ did: 'changed', outcome: null })
  const after = await json('agent status orchestrator coder1')
  const pids = ({ answer }: typeof before) => (answer['agents'] as { pid: number }[]).map(({ pid }) => pid)
  expect(pids(after)[0]).toBe(pids(before)[0])
  expect(pids(after)[1]).not.toBe(pids(before)[1])
  expect((await json('fleet remove coder1')).answer).toMatchObject({ did: 'removed', outcome: { did: 'stopped' } })
})

test('a reset gives a fresh conversation, with --new a fresh process', async () => {
  expect((await json('agent reset enhancer')).answer).toMatchObject({ name: 'enhancer', did: 'reset' })
  expect((await json('agent reset enhancer --new')).answer).toMatchObject({ name: 'enhancer', did: 'new-session' })
})

test('a watched fleet that is no terminal prints one document per line until it is told to end', async () => {
  const ending = new AbortController()
  const { status, stdout } = await home.run(['fleet', 'ps', '--watch', '--interval', '0.1', '--json'], {
    ending: ending.signal,
    onStdout: (text) => {
      if (text.split('\n').length > 3) ending.abort({ because: 'interrupt', status: 130 })
    },
  })
  expect(status).toBe(EXIT.interrupted)
  const lines = stdout.trimEnd().split('\n')
  expect(lines.length).toBeGreaterThanOrEqual(3)
  for (const line of lines) expect(verbSchemas['fleet ps']?.safeParse(JSON.parse(line)).success).toBe(true)
})

test('fleet stop leaves no socket, no heartbeat and nothing to stop', async () => {
  const { status, answer } = await json('fleet stop')
  expect(status).toBe(EXIT.done)
  expect(answer).toMatchObject({ service: 'ended' })
  const run = join(home.path, 'fleet', 'run')
  await until(() => !existsSync(run) || readdirSync(run).every((name) => !/\.(hb|sock|link|alive)$/.test(name)))
  expect((await json('fleet stop')).answer).toMatchObject({ service: 'not-running' })
})
