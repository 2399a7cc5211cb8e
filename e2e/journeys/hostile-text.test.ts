import { existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '@mosaic/testkit/until'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FleetUnderTest, TWO_STUBS } from '../fleet-under-test.ts'
import { PersonTerminal } from './person-terminal.ts'

const ESC = '\u001b'
/** Clears a screen, sets a title, rings, goes right to left, is a C1 sequence, is a format of tmux, ends a line. */
const EVIL = `${ESC}[2J${ESC}]0;owned\u0007\u202egnp\u202c\u009b31m#{pane_pid}#(touch pwned)\u0000\r\nnext`

/** Everything that a terminal may obey or that hides text; newline excepted. */
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/
const SGR = /\u001b\[\d+(?:;\d+)*m/g

const FAKE_AGENT = join(import.meta.dirname, '..', '..', 'packages', 'testkit', 'src', 'fake-agent', 'main.ts')

/** Names of directories that mean something to a shell, to tmux or to printf. */
const PLACES = [
  'with space',
  `quo"te's`,
  '$(touch pwned)',
  '`touch pwned`',
  'ünï 漢字 😀',
  '#{pane_pid}',
  '#(touch pwned)',
  'semi;',
  '-dash',
  'back\\slash',
  '%s%n',
]

/** Titles that an agent can give its pane, as its printf writes them. */
const TITLES = [
  '\\033]2;red \\033[31m and clear \\033[2J\\007',
  '\\033]2;one\\nline\\r\\nand another\\007',
  '\\033]2;\\342\\200\\256gnp.exe\\342\\200\\254 \\342\\200\\213\\357\\273\\277\\007',
  '\\033]2;c1 \\302\\23331m\\302\\2332J\\007',
  '\\033]2;#{pane_pid} #(touch pwned) %%s \\037 | x\\007',
  `\\033]2;'; seq -s ' long ' 2000; printf '\\007`,
  '\\033k window\\033\\\\\\033]1;icon\\007',
]

/** Verbs that print what agents, files and other people wrote. */
const PRINTING = [
  'fleet ps',
  'fleet ps --wide',
  'fleet status',
  'fleet verify',
  'fleet doctor',
  'fleet comms-block orchestrator',
  'agent roster',
  'agent list',
  'agent status',
  'agent show orchestrator',
  'agent show title0',
  'agent show place0',
  'agent tail orchestrator',
  'agent tail title1',
  'agent tail garbage',
]

describe('text from elsewhere', () => {
  let fleet: FleetUnderTest
  const receipts: string[] = []

  beforeAll(async () => {
    fleet = await FleetUnderTest.make()
    const script = join(fleet.home.root, 'garbage.json')
    const garbage = { forMs: 4_000, queries: false, seed: 11 }
    writeFileSync(script, JSON.stringify({ cooperative: true, rules: [{ when: { afterMs: 0 }, do: { garbage } }] }))
    const places = PLACES.map((name) => join(fleet.home.home, name))
    for (const place of places) mkdirSync(place)
    const agents = [
      ...TITLES.map((title, index) => ({ name: `title${index}`, command: ['sh', '-c', `printf '${title}shown'; exec sleep 600`] })),
      ...places.map((place, index) => ({ name: `place${index}`, working_directory: place, command: ['sleep', '600'] })),
      { name: 'garbage', command: [process.execPath, FAKE_AGENT, '--script', script] },
      { name: 'alias', alias: 'Eve \u202e | evil` **bold** <b>', model_hint: '漢字 \u200b', command: ['sleep', '600'] },
    ]
    fleet.writeRoster(`${TWO_STUBS}${agents.map((agent) => `  - ${JSON.stringify(agent)}\n`).join('')}`)
    await fleet.ok(['fleet', 'start'])
    for (const name of ['orchestrator', 'garbage']) await fleet.healthy(name)
    // A session of somebody else, on the fleet's socket.
    await fleet.home.tmux(
      'new-session',
      '-d',
      '-s',
      `foreign ${ESC}[31m #{pid} $(x)`,
      '-c',
      join(fleet.home.home, PLACES[2] ?? ''),
      'exec cat',
    )
    for (const text of [EVIL, `${ESC}[200~pasted${ESC}[201~`, 'a\tb']) {
      const { receipt } = await fleet.send('orchestrator', text, ['--source-label', 'cron'])
      expect(receipt.state).toBe('accepted')
      receipts.push(receipt.id)
    }
    await until(async () => (await fleet.agent('title5')).title?.includes('17 long 18'))
  })
  afterAll(() => fleet[Symbol.asyncDispose]())

  it('never has a command of its own run', async () => {
    const snapshot = await fleet.snapshot()
    for (const [index, name] of PLACES.entries()) {
      const agent = snapshot.agents.find((record) => record.name === `place${index}`)
      expect(agent).toMatchObject({ pane: 'alive', working_directory: join(fleet.home.home, name) })
      expect(readlinkSync(`/proc/${agent?.pid}/cwd`)).toBe(join(fleet.home.home, name))
    }
    for (const directory of [fleet.home.home, fleet.home.root, ...PLACES.map((name) => join(fleet.home.home, name))]) {
      expect(existsSync(join(directory, 'pwned'))).toBe(false)
    }
  })

  it('is a record like any other as JSON', async () => {
    const { stdout } = await fleet.mosaic(['fleet', 'ps', '--json'])
    expect(stdout).not.toMatch(OBEYED)
    const { agents, orphans } = JSON.parse(stdout) as Awaited<ReturnType<FleetUnderTest['snapshot']>>
    expect(agents).toHaveLength(2 + TITLES.length + PLACES.length + 2)
    expect(orphans).toHaveLength(1)
    expect(agents.find(({ name }) => name === 'title4')?.title).toContain('#{pane_pid} #(touch pwned) %s')
    expect(agents.find(({ name }) => name === 'alias')).toMatchObject({ alias: 'Eve \u202e | evil` **bold** <b>', model: '漢字 \u200b' })
  })

  it.each(PRINTING)('is harmless in a pipe: %s', async (words) => {
    const { stdout, stderr } = await fleet.mosaic(words.split(' '))
    expect(stdout).not.toBe('')
    expect(stdout).not.toMatch(OBEYED)
    expect(stderr).not.toMatch(OBEYED)
  })

  it('is harmless in a receipt, and visible where it was sent', async () => {
    for (const id of receipts) expect(await fleet.ok(['agent', 'receipt', id])).not.toMatch(OBEYED)
    const tail = await fleet.ok(['agent', 'tail', 'orchestrator', '-n', '200'])
    expect(tail).toContain('␛[2J␛]0;owned␇')
    expect(tail).toContain('␛[200~pasted␛[201~')
    expect(fleet.taken('orchestrator').join('\n')).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/)
  })

  it.each([
    [80, 24],
    [30, 10],
  ])('is nothing but text and colour on a terminal of %d x %d', async (columns, rows) => {
    const file = join(fleet.home.root, `verbs-${columns}`)
    // What tells that it goes on, where it takes long, moves the cursor.
    const errors = (words: string) => (words === 'fleet doctor' ? '2>/dev/null' : '2>&1')
    const all = [...PRINTING, `agent receipt ${receipts[0]}`, 'agent show nobody', 'fleet bogus']
    const verbs = all.map((words) => `mosaic ${words} ${errors(words)}`)
    writeFileSync(file, `echo BEGINS\n${verbs.join('\n')}\necho ENDS\n`)
    await using terminal = await PersonTerminal.open(fleet, { columns, rows })
    await terminal.start(`sh '${file}'`)
    expect(await terminal.ended()).toBe(0)
    const printed = await terminal.wrote(/BEGINS\r\n([\s\S]*)ENDS\r\n/)
    expect(printed).toMatch(SGR)
    const text = printed.replaceAll(SGR, '').replaceAll('\r\n', '\n')
    expect(text).not.toMatch(OBEYED)
    expect(text).toContain('orchestrator')
  })

  it.each([
    ['--alias', `a${ESC}[31m`],
    ['--alias', 'two\nlines'],
    ['--model', 'm\u0007'],
    ['--cwd', 'two\nlines'],
    ['--command', `x${ESC}`],
  ])('is refused by the roster where it could do harm: %s %j', async (option, value) => {
    if (option === '--cwd') mkdirSync(join(fleet.home.home, value))
    const { status, stderr, stdout } = await fleet.mosaic(['fleet', 'add', 'coder7', option, value])
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/without control characters/)
    expect(stderr).not.toMatch(OBEYED)
  })

  it.each([
    ['an alias', (roster: string) => roster.replace('name: enhancer', `name: enhancer\n    alias: "${'\\x1b'}[31m"`)],
    ['a tenant', (roster: string) => roster.replace('tenant_id: acme', 'tenant_id: "a\\nb"')],
    ['a host', (roster: string) => roster.replace('host: box', 'host: "\\e[31m"')],
    ['a key', (roster: string) => roster.replace('name: enhancer', 'name: enhancer\n    "\\e[2J": x')],
    ['a name', (roster: string) => roster.replace('name: enhancer', 'name: "\\e[2Jx"')],
    ['a raw byte', (roster: string) => roster.replace('acme', `ac${ESC}me`)],
  ])('is told, harmlessly, when somebody wrote it into the roster: %s', async (_what, change) => {
    await using other = await FleetUnderTest.make({ roster: TWO_STUBS })
    writeFileSync(other.paths.roster, change(readFileSync(other.paths.roster, 'utf8')))
    for (const words of ['fleet ps', 'fleet up', 'agent list', 'fleet doctor']) {
      const { status, stdout, stderr } = await other.mosaic(words.split(' '))
      expect(status).toBe(words === 'fleet doctor' ? 1 : 2)
      expect(stdout + stderr).toMatch(/roster\.yaml:\d+:\d+/)
      expect(stdout + stderr).not.toMatch(OBEYED)
    }
  })

  it('in the path of the home is no trouble, or refused when it cannot be shown', async () => {
    await using other = await FleetUnderTest.make()
    const home = join(other.home.root, `m 'q" $(touch pwned) ünï \`x\` #{pane_pid} %s; & é`)
    mkdirSync(home, { mode: 0o700 })
    const env = { MOSAIC_HOME: home }
    other.writeRoster(TWO_STUBS)
    const at = ['--roster', other.paths.roster]
    await other.ok(['fleet', 'up', ...at], { env })
    expect(await other.ok(['fleet', 'verify', ...at], { env })).toContain('all 2 agents verified')
    expect((await other.json<{ agents: { flags: string[] }[] }>(['fleet', 'ps', ...at], { env })).agents.map(({ flags }) => flags)).toEqual(
      [[], []],
    )
    await other.ok(['fleet', 'stop', ...at], { env })
    const { status, stderr } = await other.mosaic(['fleet', 'up', '--mosaic-home', `${other.home.root}/a\n${ESC}[2J`])
    expect(status).toBe(2)
    expect(stderr).toContain('a control character in the path')
    expect(stderr).not.toMatch(OBEYED)
  })
})
