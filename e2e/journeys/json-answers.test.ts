import type { ChildProcess } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { until } from '@mosaic/testkit/until'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FleetUnderTest } from '../fleet-under-test.ts'
import { violations } from './json-schema.ts'
import { PersonTerminal } from './person-terminal.ts'

const SCHEMAS = join(import.meta.dirname, '..', '..', 'docs', 'generated', 'schema')
const schemaOf = (verb: string) => JSON.parse(readFileSync(join(SCHEMAS, `${verb.replaceAll(' ', '-')}.json`), 'utf8'))
/** Verbs by the files that describe them. */
const PUBLISHED = readdirSync(SCHEMAS).map((file) => basename(file, '.json'))

/** What the exit status promises about the error's code. */
const CODES: Readonly<Record<number, string>> = { 1: 'not_done', 2: 'invalid', 3: 'not_found', 4: 'refused', 5: 'missing' }

interface Line {
  /** The words, `{id}` standing for the id of the last message. */
  words: string
  /** Exit status. */
  exit: number
  /** Whose schema the answer has; absent: the first two words. */
  verb?: string
  /** Part of the answer, or of the error. */
  has?: object
  stdin?: string
  env?: Readonly<Record<string, string>>
}

const ok = (words: string, has: object = {}, more: Partial<Line> = {}): Line => ({ words, exit: 0, has, ...more })
/** A verb that answers, and whose answer is no. */
const no = (words: string, has: object, more: Partial<Line> = {}): Line => ({ words, exit: 1, has, ...more })
const error = (words: string, exit: number, has: object = {}, more: Partial<Line> = {}): Line => ({
  words,
  exit,
  verb: 'error',
  has: { error: { code: CODES[exit], ...has } },
  ...more,
})

/** Nothing exists yet. */
const BARE: readonly Line[] = [
  error('fleet ps', 3, { reason: 'no_roster', mend: 'mosaic fleet up' }),
  error('fleet start', 3, { reason: 'no_roster' }),
  error('agent list', 3, { reason: 'no_roster' }),
  error('agent send orchestrator --message x', 3, { reason: 'no_roster' }),
  error('fleet add coder0', 3, { reason: 'no_roster' }),
  error('fleet remove coder0', 3, { reason: 'no_roster' }),
  error('agent receipt 01k9zt4v6n3q8r5w2x7y1abcde', 3),
  error('fleet init --profile nope', 3),
  error('fleet up --profile nope', 3),
  error('fleet up', 5, { reason: 'tmux-missing' }, { env: { PATH: '/nowhere' } }),
  ok('fleet doctor', { ok: true }),
  ok('fleet init', { written: false, backup: null, agents: ['orchestrator', 'enhancer'] }),
]

const RUNNING: readonly Line[] = [
  ok('fleet up', { healthy: true, agents: [{ name: 'orchestrator' }, { name: 'enhancer' }] }),
  ok('fleet up', { did: 'unchanged', healthy: true, roster: { created: false } }),
  error('fleet init --write', 4, { reason: 'roster_exists' }),
  error('fleet init --write --force', 4, { reason: 'fleet_runs', mend: 'mosaic fleet stop, then try again' }),
  error('fleet up --runtime pi', 4, { reason: 'other_fleet' }),
  error('fleet up --timeout never', 2),
  ok('fleet ps', { observer: 'up', paused: false, agents: [{ health: 'healthy' }, { health: 'healthy' }] }),
  ok('fleet ps enhancer', { agents: [{ name: 'enhancer' }] }),
  error('fleet ps nobody', 3, { reason: 'no_agent', mend: 'mosaic agent list' }),
  error('fleet ps orchestratr', 3, { mend: 'did you mean orchestrator?' }),
  ok('fleet status', { service: { version: expect.any(String) } }),
  ok('fleet status enhancer', { agents: [{ name: 'enhancer' }] }),
  ok('fleet verify', { ok: true }),
  error('fleet verify nobody', 3),
  ok('fleet add coder0 --alias Cody', { did: 'added', outcome: { did: 'started' } }),
  error('fleet add coder0', 4),
  error('fleet add bad.name', 2, { message: expect.stringContaining('a dot or a colon would address another tmux target') }),
  error('fleet add coder9 --class nope', 2),
  error('fleet add coder9 extra', 2),
  error('fleet add coder9 --runtime codex', 5),
  ok('fleet edit coder0 --model m1', { did: 'changed', outcome: { did: 'restarted' } }),
  ok('fleet edit coder0 --model m1', { did: 'unchanged', outcome: null }),
  error('fleet edit coder0', 2, { message: 'nothing to change' }),
  error('fleet edit nobody --model m1', 3),
  error('fleet edit enhancer --class coder', 4, { reason: 'floor' }),
  error('fleet edit coder0 --runtime claude', 5),
  ok('agent edit coder0 --effort high', { did: 'changed' }),
  ok('agent --edit coder0 --unset effort', { did: 'changed' }, { verb: 'agent edit' }),
  ok('fleet stop coder0', { service: 'kept', agents: [{ name: 'coder0', did: 'stopped' }] }),
  ok('fleet stop coder0', { service: 'kept', agents: [{ name: 'coder0', did: 'unchanged' }] }),
  error('fleet stop nobody', 3),
  no('fleet verify', { ok: false }),
  no('fleet verify coder0', { ok: false, agents: [{ name: 'coder0', ok: false }] }),
  no('agent send coder0 --message x --verify', { state: 'refused', reason: 'not-running' }),
  error('agent reset coder0', 1, { reason: 'not-running' }),
  ok('fleet start coder0', { agents: [{ name: 'coder0', did: 'started' }] }),
  ok('fleet start', { agents: [{ did: 'unchanged' }, { did: 'unchanged' }, { did: 'unchanged' }] }),
  error('fleet start nobody', 3),
  ok('fleet restart coder0', { agents: [{ name: 'coder0', did: 'restarted' }] }),
  ok('fleet restart', { agents: [{ did: 'restarted' }, { did: 'restarted' }, { did: 'restarted' }] }),
  error('fleet restart nobody', 3),
  ok('fleet up', { healthy: true }),
  ok('fleet pause', { paused: true, changed: true }),
  ok('fleet pause', { paused: true, changed: false }),
  ok('fleet ps', { paused: true, agents: [{ flags: ['PAUSED'] }, {}, {}] }),
  ok('fleet resume', { paused: false, changed: true }),
  ok('fleet resume', { paused: false, changed: false }),
  ok('fleet doctor', { ok: true }),
  ok('fleet doctor --fix', { ok: true }),
  ok('fleet comms-block coder0', { name: 'coder0', text: expect.stringContaining('You are **coder0 (Cody)**') }),
  error('fleet comms-block nobody', 3),
  ok('agent roster', { agents: [{}, {}, { name: 'coder0', alias: 'Cody', model: 'm1' }] }),
  ok('agent roster coder0', { agents: [{ name: 'coder0' }] }),
  error('agent roster nobody', 3),
  ok('agent status', { agents: [{}, {}, {}] }),
  ok('agent status coder0', { agents: [{ name: 'coder0', health: 'healthy' }] }),
  error('agent status nobody', 3),
  ok('agent list', { agents: [{}, {}, {}] }),
  ok('agent --list', { agents: [{}, {}, {}] }, { verb: 'agent list' }),
  ok('agent show coder0', { definition: { name: 'coder0' }, state: { health: 'healthy' } }),
  ok('agent --show coder0', {}, { verb: 'agent show' }),
  error('agent show nobody', 3),
  ok('agent send coder0 --message hello', { state: 'stored' }),
  ok('agent send coder0 --verify', { state: 'accepted', signal: 'stub:accepted' }, { stdin: 'from stdin' }),
  ok('agent receipt {id}', { state: 'accepted' }),
  ok('agent send coder0 --verify --source-label cron --urgent -m now', { from: expect.stringContaining('cron') }),
  error('agent send nobody --message x', 3),
  error('agent send coder0', 2),
  error('agent send coder0', 2, {}, { stdin: 'x'.repeat(64 * 1024 + 1) }),
  error('agent send coder0 --message x --verify --verify-timeout 0', 2),
  error('agent send coder0 --message x --id no-id', 2),
  error('agent send coder0 --file /nowhere/at/all', 2),
  error('agent receipt 01k9zt4v6n3q8r5w2x7y1abcde', 3),
  ok('agent tail coder0', { text: expect.stringContaining('from stdin') }),
  error('agent tail coder0 -n 0', 2),
  error('agent tail nobody', 3),
  error('agent watch coder0', 2, { reason: 'no-terminal' }),
  error('agent attach coder0', 2, { reason: 'no-terminal' }),
  error('agent watch nobody', 3),
  error('agent attach nobody', 3),
  ok('agent reset coder0', { did: 'reset' }),
  ok('agent reset coder0 --new', { did: 'new-session' }),
  error('agent reset nobody', 3),
  ok('agent new coder1', { did: 'added', outcome: { did: 'started' } }),
  ok('agent --new coder2', { did: 'added' }, { verb: 'agent new' }),
  error('agent new coder1', 4),
  error('agent new coder3 --runtime opencode', 5),
  ok('agent reports', { reports: [] }),
  ok('agent reports coder0', { reports: [] }),
  ok('fleet escalations', { escalations: [] }),
  error('fleet escalations --ack 01k9zt4v6n3q8r5w2x7y1abcde', 3),
  ok('account list', { accounts: [] }),
  ok('account add work --runtime claude', { name: 'work', did: 'added' }),
  error('account add work --runtime claude', 4),
  error('account adopt old --directory /nowhere/at/all --runtime codex', 3),
  ok('account adopt old --directory {home} --runtime codex', { name: 'old', runtime: 'codex' }),
  no('account check work', { accounts: [{ name: 'work' }] }),
  error('account login nobody', 3),
  error('account login work', 5),
  ok('account remove work', { name: 'work' }),
  ok('fleet remove coder2', { did: 'removed', outcome: { did: 'stopped' } }),
  error('fleet remove coder2', 3),
  error('fleet remove orchestrator', 4, { reason: 'floor' }),
  error('fleet remove enhancer', 4, { reason: 'floor' }),
  ok('completion bash', { shell: 'bash' }, { verb: 'completion' }),
  error('completion tcsh', 2),
  ok('schema fleet ps', { title: 'mosaic fleet ps --json' }, { verb: 'schema' }),
  error('schema fleet pss', 3, { mend: 'did you mean fleet ps?' }),
  error('fleet bogus', 2),
  error('bogus', 2),
  error('fleet', 2),
  error('fleet ps --bogus', 2),
  error('agent send', 2),
]

/** The host service does not run, and nothing of the fleet does. */
const STOPPED: readonly Line[] = [
  ok('fleet stop', { service: 'ended' }),
  ok('fleet stop', { service: 'not-running' }),
  ok('fleet ps', { observer: 'down', agents: [{ health: 'stopped' }, { health: 'stopped' }, {}, {}] }),
  ok('fleet status', { service: null }),
  no('fleet verify', { ok: false }),
  ok('agent status coder0', { observer: 'down' }),
  ok('agent show coder0', { receipts: [] }),
  ok('agent roster'),
  ok('agent list'),
  ok('fleet comms-block coder0'),
  ok('fleet pause', { changed: true }),
  ok('fleet resume', { changed: true }),
  ok('fleet edit coder0 --model m2', { did: 'changed', outcome: null }),
  ok('fleet add coder5', { did: 'added', outcome: null }),
  ok('fleet remove coder5', { did: 'removed', outcome: null }),
  ok('agent send coder0 --message later', { state: 'stored' }),
  no('agent receipt {id}', { state: 'stored' }),
  error('agent tail coder0', 1, { mend: expect.stringContaining('fleet start coder0') }),
  error('agent reset coder0', 1, { reason: 'not-running' }),
  ok('fleet doctor'),
  no('fleet uninstall', { did: 'planned' }),
  ok('fleet uninstall --yes', { did: 'uninstalled' }),
]

/** Runs a program of somebody else in a terminal. */
const ON_A_TERMINAL = 'account-login'

describe('the --json answer', () => {
  let fleet: FleetUnderTest
  let id = ''
  const verbs = new Set<string>()
  const exits = new Set<number>()

  beforeAll(async () => {
    fleet = await FleetUnderTest.make({ ownTmuxDirectory: true })
  })
  afterAll(() => fleet[Symbol.asyncDispose]())

  const answers = async (line: Line): Promise<void> => {
    const words = line.words.replace('{id}', id).replace('{home}', fleet.home.home).split(' ')
    const verb = line.verb ?? words.slice(0, 2).join(' ')
    const { status, stdout, stderr } = await fleet.mosaic([...words, '--json'], { stdin: line.stdin ?? '', env: line.env ?? {} })
    expect(status, stdout + stderr).toBe(line.exit)
    // One document and nothing beside it; control characters are written as escapes.
    const answer = JSON.parse(stdout) as Record<string, unknown>
    expect(stdout).toMatch(/^\{\n[\s\S]*\n\}\n$/)
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
    expect(violations(schemaOf(verb), answer)).toEqual([])
    expect(answer).toMatchObject(line.has ?? {})
    if (verb === 'agent send') id = String(answer['id'])
    verbs.add(verb)
    exits.add(line.exit)
  }

  it.each(BARE)('without a fleet: $words, exit $exit', answers)
  it.each(RUNNING)('of a running fleet: $words, exit $exit', answers)

  it('of all schemas is what is published', async () => {
    const { stdout } = await fleet.mosaic(['schema', '--json'])
    const all = Object.entries(JSON.parse(stdout) as Record<string, unknown>)
    expect(all.map(([verb]) => verb.replaceAll(' ', '-')).sort()).toEqual(PUBLISHED.sort())
    for (const [verb, schema] of all) expect(schema).toEqual(schemaOf(verb))
  })

  it.each(['fleet ps --watch --interval 0.2', 'agent tail orchestrator --follow'])(
    'that goes on is a document per line: %s',
    async (words) => {
      let child: ChildProcess | undefined
      let text = ''
      const ended = fleet.mosaic([...words.split(' '), '--json'], {
        onStart: (started) => {
          child = started
          started.stdout?.on('data', (chunk: Buffer) => {
            text += chunk.toString()
          })
        },
      })
      await until(() => text.includes('\n'), { what: `a line of ${words}` })
      await fleet.ok(['agent', 'send', 'orchestrator', '--message', 'one more line'])
      await until(() => text.trimEnd().split('\n').length >= 2, { what: `a second line of ${words}` })
      child?.kill('SIGINT')
      const { status, stdout } = await ended
      expect(status).toBe(130)
      const schema = schemaOf(words.split(' ').slice(0, 2).join(' '))
      for (const line of stdout.trimEnd().split('\n')) expect(violations(schema, JSON.parse(line))).toEqual([])
    },
  )

  it.each([
    ['watch', 'read-only', ['q'], 'quit'],
    ['attach', 'what you type reaches orchestrator', ['C-b', 'd'], 'detached'],
  ])('of agent %s comes when the observation is over', async (verb, shown, keys, end) => {
    await using terminal = await PersonTerminal.open(fleet, { columns: 100, rows: 30 })
    await terminal.start(`mosaic agent ${verb} orchestrator --json`)
    await terminal.shows(shown)
    await terminal.press(...keys)
    expect(await terminal.ended()).toBe(0)
    const seen = await terminal.see()
    const answer = JSON.parse(/^\{[\s\S]*?^\}/m.exec(seen)?.[0] ?? seen)
    expect(violations(schemaOf(`agent ${verb}`), answer)).toEqual([])
    expect(answer).toMatchObject({ name: 'orchestrator', ended: end })
    verbs.add(`agent ${verb}`)
  })

  it.each(STOPPED)('of a stopped fleet: $words, exit $exit', answers)

  it('of `fleet init --write` to a home of its own', async () => {
    const home = join(fleet.home.root, 'other')
    mkdirSync(home)
    await answers(ok(`fleet init --write --mosaic-home ${home}`, { written: true, backup: null }))
    await answers(ok(`fleet init --write --force --mosaic-home ${home}`, { written: true, backup: expect.stringMatching(/\.bak$/) }))
  })

  it('was seen of every verb, and with every exit status', () => {
    expect([...verbs].map((verb) => verb.replaceAll(' ', '-')).sort()).toEqual(PUBLISHED.filter((verb) => verb !== ON_A_TERMINAL).sort())
    expect([...exits].sort()).toEqual([0, 1, 2, 3, 4, 5])
  })
})
