import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { killNine } from '@mosaic/testkit/faults'
import { until } from '@mosaic/testkit/until'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FleetUnderTest, TWO_STUBS } from '../fleet-under-test.ts'
import { PersonTerminal } from './person-terminal.ts'

const SMALL = { columns: 80, rows: 24 }
const LARGE = { columns: 250, rows: 60 }
/** Of every agent, unless somebody is attached. */
const AGENT_SIZE = '200x50'

async function runningFleet(): Promise<FleetUnderTest> {
  const fleet = await FleetUnderTest.make({ roster: TWO_STUBS })
  await fleet.ok(['fleet', 'up'])
  return fleet
}

const sizeOf = async (fleet: FleetUnderTest, name: string): Promise<string> =>
  (await fleet.home.tmux('display-message', '-p', '-t', `=${name}:0.0`, '#{pane_width}x#{pane_height}')).trim()

const sessions = (fleet: FleetUnderTest) => fleet.home.tmux('list-sessions', '-F', '#{session_name} #{session_windows}')

/** Who looks at an agent. */
const viewers = async (fleet: FleetUnderTest, name: string): Promise<string[]> =>
  (await fleet.home.tmux('list-clients', '-F', '#{client_session}')).split('\n').filter((session) => session === name)

interface Audited {
  verb: string
  agent: string | null
  actor: string
}

const audited = (fleet: FleetUnderTest): Audited[] =>
  readFileSync(fleet.paths.auditFile, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Audited)

describe.each([SMALL, LARGE])('a person who watches in $columns x $rows', (size) => {
  let fleet: FleetUnderTest
  beforeAll(async () => {
    fleet = await runningFleet()
  })
  afterAll(() => fleet[Symbol.asyncDispose]())

  it('sees the agent live, cannot type to it or resize it, and has the terminal back as it was', async () => {
    await using terminal = await PersonTerminal.open(fleet, size)
    const before = [await sessions(fleet), await terminal.state()]
    await terminal.start('mosaic agent watch orchestrator')
    await terminal.shows(/orchestrator · read-only · q quits · 200x50/)
    await fleet.send('orchestrator', 'seen while it happens')
    await terminal.shows('You said: seen while it happens')
    const taken = fleet.taken('orchestrator').length

    // Letters that no message id has.
    for (const key of ['i', 'u', 'Enter', 'C-b', ':', 'Escape', 'F1', 'Enter']) await terminal.press(key)
    await fleet.send('orchestrator', 'after the keys')
    await terminal.shows('You said: after the keys')
    expect(fleet.taken('orchestrator')).toHaveLength(taken + 1)
    expect((await fleet.agentThat('orchestrator', 'idle', ({ activity }) => activity === 'idle')).flags).toEqual([])
    expect(await fleet.ok(['agent', 'tail', 'orchestrator'])).not.toContain('iu')
    expect(await sizeOf(fleet, 'orchestrator')).toBe(AGENT_SIZE)

    await terminal.press('q')
    expect(await terminal.ended()).toBe(0)
    await until(async () => (await viewers(fleet, 'orchestrator')).length === 0)
    expect([await sessions(fleet), await terminal.state()]).toEqual(before)
    expect(audited(fleet).filter(({ verb }) => verb === 'attach')).toEqual([])
  })

  it('and is killed leaves no session, no client and no other size', async () => {
    await using terminal = await PersonTerminal.open(fleet, size)
    const before = await sessions(fleet)
    await terminal.start('mosaic agent watch orchestrator')
    await terminal.shows('read-only')
    expect(await viewers(fleet, 'orchestrator')).toHaveLength(1)
    killNine(await terminal.foreground())
    await until(async () => (await viewers(fleet, 'orchestrator')).length === 0)
    expect(await sessions(fleet)).toBe(before)
    expect(await sizeOf(fleet, 'orchestrator')).toBe(AGENT_SIZE)
    expect((await fleet.agent('orchestrator')).health).toBe('healthy')
  })

  it('or attaches types to the agent, is told so and audited, and leaves it at its size', async () => {
    await using terminal = await PersonTerminal.open(fleet, size)
    const before = await terminal.state()
    const taken = fleet.taken('orchestrator')
    await terminal.start('mosaic agent attach orchestrator')
    await terminal.shows(/what you type reaches orchestrator · Ctrl-b d leaves/)
    await until(async () => (await sizeOf(fleet, 'orchestrator')) === `${size.columns}x${size.rows}`)
    await terminal.type('typed by a person')
    await until(() => fleet.taken('orchestrator').length > taken.length)
    expect(fleet.taken('orchestrator')).toEqual([...taken, 'typed by a person'])
    await terminal.press('C-b', 'd')
    expect(await terminal.ended()).toBe(0)
    await until(async () => (await sizeOf(fleet, 'orchestrator')) === AGENT_SIZE)
    expect(await terminal.state()).toBe(before)
    const entries = audited(fleet).filter(({ verb }) => verb === 'attach' || verb === 'detach')
    expect(entries.map(({ verb, agent, actor }) => [verb, agent, actor])).toEqual([
      ['attach', 'orchestrator', 'acme@box:operator'],
      ['detach', 'orchestrator', 'acme@box:operator'],
    ])
  })

  it('or attaches and is killed leaves no client and no other size', async () => {
    await using terminal = await PersonTerminal.open(fleet, size)
    await terminal.start('mosaic agent attach orchestrator')
    await terminal.shows('what you type reaches orchestrator')
    await until(async () => (await sizeOf(fleet, 'orchestrator')) !== AGENT_SIZE)
    killNine(await terminal.foreground())
    await until(async () => (await viewers(fleet, 'orchestrator')).length === 0)
    await until(async () => (await sizeOf(fleet, 'orchestrator')) === AGENT_SIZE)
  })
})

describe('a person who follows', () => {
  it('the text of an agent has its new lines, and Ctrl-C gives the shell back', async () => {
    await using fleet = await runningFleet()
    await using terminal = await PersonTerminal.open(fleet, LARGE)
    const before = await terminal.state()
    await terminal.start('mosaic agent tail -f orchestrator')
    await terminal.shows('stub · orchestrator')
    for (const text of ['the first of three', 'the second of three', 'the third of three']) {
      await fleet.send('orchestrator', text)
      await terminal.shows(`You said: ${text}`)
    }
    await terminal.press('C-c')
    expect(await terminal.ended()).toBe(130)
    expect(await terminal.state()).toBe(before)
    expect(await viewers(fleet, 'orchestrator')).toEqual([])
  })

  it('the fleet sees its rows change by themselves, and leaves with q', async () => {
    await using fleet = await runningFleet()
    await using terminal = await PersonTerminal.open(fleet, SMALL)
    const before = await terminal.state()
    const { pid } = await fleet.agent('enhancer')
    await terminal.start('mosaic fleet ps --watch')
    await terminal.shows(new RegExp(`^enhancer .* healthy .* ${pid}$`, 'm'))
    expect(await terminal.state()).toContain('alternate 1, cursor 0')
    killNine(pid ?? 0)
    const seen = await terminal.shows(new RegExp(`^enhancer .* healthy .* (?!${pid})\\d+$`, 'm'))
    expect(seen).toMatch(/q quits/)
    await fleet.ok(['fleet', 'stop', 'enhancer'])
    await terminal.shows(/^enhancer .* stopped/m)
    await fleet.ok(['fleet', 'add', 'coder0'])
    await terminal.shows(/^coder0 .* healthy/m)
    await terminal.resize({ columns: 120, rows: 40 })
    await terminal.shows(/^NAME +CLASS .*IDLE/m)
    killNine(await fleet.servicePid())
    await fleet.ok(['fleet', 'start'])
    await terminal.shows(/^enhancer .* healthy/m)
    await terminal.press('q')
    expect(await terminal.ended()).toBe(0)
    expect(await terminal.state()).toBe(before)
    expect(await terminal.see()).not.toContain('q quits')
  })

  it('a fleet that is stopped meanwhile sees that', async () => {
    await using fleet = await runningFleet()
    await using terminal = await PersonTerminal.open(fleet, SMALL)
    await terminal.start('mosaic fleet ps --watch')
    await terminal.shows('2 healthy')
    await fleet.ok(['fleet', 'stop'])
    await terminal.shows(/2 stopped/)
    await terminal.shows(/the fleet is stopped/)
    await terminal.press('q')
    expect(await terminal.ended()).toBe(0)
  })
})

describe('Ctrl-C', () => {
  const STARTING = `${TWO_STUBS}  - name: slow\n    command: [sh, -c, "exec sleep 600"]\n`

  it('ends a watch and the questions of a new fleet with 130, and gives the terminal back', async () => {
    await using fleet = await runningFleet()
    await using terminal = await PersonTerminal.open(fleet, SMALL)
    const before = await terminal.state()
    for (const [line, shown] of [
      ['mosaic agent watch orchestrator', 'read-only'],
      ['mosaic fleet ps --watch', 'q quits'],
      [`mosaic fleet init --mosaic-home ${fleet.home.home}/other`, 'What is the fleet for?'],
    ] as const) {
      await terminal.start(line)
      await terminal.shows(shown)
      await terminal.press('C-c')
      expect(await terminal.ended(), line).toBe(130)
      expect(await terminal.state()).toBe(before)
    }
    expect(existsSync(join(fleet.home.home, 'other', 'fleet', 'roster.yaml'))).toBe(false)
  })

  it('ends a send that waits; what was stored stays so, and its receipt is found by what is printed', async () => {
    await using fleet = await FleetUnderTest.make({ roster: STARTING })
    await fleet.ok(['fleet', 'start'])
    await using terminal = await PersonTerminal.open(fleet, LARGE)
    await terminal.start('mosaic agent send slow --message later --verify --verify-timeout 600000')
    await terminal.shows('waiting for slow to accept')
    await terminal.press('C-c')
    expect(await terminal.ended()).toBe(130)
    const seen = await terminal.see()
    expect(seen).not.toMatch(/^\S* ?waiting for slow/m)
    const [, id = ''] = /interrupted; the message is stored.*; see: mosaic agent receipt (\w{26})/.exec(seen) ?? []
    expect(await fleet.receipt(id)).toMatchObject({ id, state: 'stored' })
  })
})

describe('what takes long', () => {
  it('is shown on the terminal while it goes on, and cleared before the answer', async () => {
    await using fleet = await FleetUnderTest.make({ roster: `${TWO_STUBS}  - name: slow\n    command: [sh, -c, "exec sleep 600"]\n` })
    // Up already, so that all of the time is for the one that never answers.
    await fleet.ok(['fleet', 'start', 'orchestrator', 'enhancer'])
    for (const name of ['orchestrator', 'enhancer']) await fleet.healthy(name)
    await using terminal = await PersonTerminal.open(fleet, SMALL)
    await terminal.start('mosaic fleet up --timeout 8')
    await terminal.shows(/2 of 3 agents answer\n +slow: starting/)
    expect(await terminal.ended()).toBe(1)
    const seen = await terminal.see()
    expect(seen).not.toMatch(/agents answer$/m)
    expect(seen).toMatch(/Not healthy within 8\.0 s: slow\nSee: mosaic agent tail slow/)
  })

  it('goes on in the background when it is interrupted, and that is said', async () => {
    await using fleet = await FleetUnderTest.make({ roster: `${TWO_STUBS}  - name: slow\n    command: [sh, -c, "exec sleep 600"]\n` })
    await using terminal = await PersonTerminal.open(fleet, SMALL)
    await terminal.start('mosaic fleet up')
    await terminal.shows('2 of 3 agents answer')
    await terminal.press('C-c')
    expect(await terminal.ended()).toBe(130)
    expect(await terminal.see()).toContain('interrupted; the fleet goes on starting: mosaic fleet ps')
    await fleet.healthy('orchestrator')
  })
})
