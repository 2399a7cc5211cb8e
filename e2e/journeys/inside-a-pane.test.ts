import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandDirectory } from '@mosaic/host/programs'
import { environmentOf, isAlive, processFacts } from '@mosaic/testkit/processes'
import { until } from '@mosaic/testkit/until'
import { describe, expect, it } from 'vitest'
import { FleetUnderTest, TWO_STUBS } from '../fleet-under-test.ts'

/** An agent that is a shell: it says nothing of itself, and runs what is typed. */
const SHELL = `${TWO_STUBS}  - name: worker0\n    command: [bash, --noprofile, --norc]\n`

async function fleetWithShell(): Promise<FleetUnderTest> {
  const fleet = await FleetUnderTest.make({ roster: SHELL })
  await fleet.ok(['fleet', 'start'])
  for (const name of ['orchestrator', 'enhancer']) await fleet.healthy(name)
  return fleet
}

/** Types a line into the shell's pane, as a person who is attached would. */
const type = (fleet: FleetUnderTest, line: string) =>
  fleet.home.tmux('send-keys', '-l', '-t', '=worker0:0.0', '--', `clear; ${line}`, ';', 'send-keys', '-t', '=worker0:0.0', 'Enter')

const screen = (fleet: FleetUnderTest) => fleet.home.tmux('capture-pane', '-p', '-t', '=worker0:0.0')

async function shows(fleet: FleetUnderTest, text: string | RegExp): Promise<string> {
  let seen = ''
  try {
    return await until(
      async () => {
        seen = await screen(fleet)
        return (typeof text === 'string' ? seen.includes(text) : text.test(seen)) && seen
      },
      { withinMs: 60_000 },
    )
  } catch (error) {
    throw new Error(`the pane does not show ${text} but:\n${seen}`, { cause: error })
  }
}

describe('an agent in its pane', () => {
  it('has the command, reaches its peers under its own name, and sees the fleet', async () => {
    await using fleet = await fleetWithShell()
    await type(fleet, 'command -v mosaic; echo "$MOSAIC_AGENT in $MOSAIC_TENANT at $MOSAIC_HOST"')
    const first = await shows(fleet, 'worker0 in acme at box')
    expect(first).toContain(join(commandDirectory, 'mosaic'))

    await type(fleet, 'mosaic agent send orchestrator --message "from a pane" --verify')
    await shows(fleet, /accepted by orchestrator in .* \(stub:accepted\) #[0-9a-z]{26}/)
    // The conversation is written just after the word that the message was accepted.
    const told = await until(() => fleet.taken('orchestrator').at(-1))
    expect(told).toMatch(/^\[acme@box:worker0 -> acme@box:orchestrator #[0-9a-z]{26}\]\nfrom a pane$/)

    await type(fleet, 'mosaic fleet ps')
    const table = await shows(fleet, /3 agents: 2 healthy/)
    expect(table).toMatch(/^orchestrator .* healthy/m)
    // A shell answers no heartbeat, and so is not healthy however alive it is.
    expect(table).toMatch(/^worker0 .* (starting|unknown)/m)
    await type(fleet, 'mosaic fleet comms-block "$MOSAIC_AGENT" | head -3')
    await shows(fleet, 'You are **worker0**, class `worker`')
    await type(fleet, 'mosaic fleet remove orchestrator; echo "exit $?"')
    await shows(fleet, /keeps it\n[\s\S]*exit 4/)
  })

  it('leaves its name in the audit log, not the operator’s', async () => {
    await using fleet = await fleetWithShell()
    await type(fleet, 'mosaic fleet add coder0 && echo "added""!"')
    await shows(fleet, 'added!')
    const entries = readFileSync(fleet.paths.auditFile, 'utf8').trimEnd().split('\n')
    const adds = entries.map((line) => JSON.parse(line)).filter(({ verb }) => verb === 'add')
    expect(adds).toEqual([expect.objectContaining({ verb: 'add', agent: 'coder0', actor: 'acme@box:worker0' })])
  })
})

describe('a host service that an agent brought back', () => {
  /** The service ends, its agents go on, and the shell in the pane starts the next one. */
  async function broughtBack(fleet: FleetUnderTest, line: string): Promise<number> {
    const before = await fleet.servicePid()
    process.kill(before, 'SIGTERM')
    await until(() => !isAlive(before))
    expect((await fleet.snapshot()).observer).toBe('down')
    await type(fleet, line)
    return until(() => fleet.servicePid(), { withinMs: 60_000 })
  }

  it('is no part of that agent, and outlives it', async () => {
    await using fleet = await fleetWithShell()
    const kept = await fleet.agent('orchestrator')
    const pid = await broughtBack(fleet, 'mosaic fleet start && echo "is ""up"')
    await shows(fleet, 'is up')
    expect(environmentOf(pid).filter((entry) => /^(MOSAIC_(AGENT|LAUNCH_ID|JOURNAL|LINK|CLASS|MODEL)|TMUX)/.test(entry))).toEqual([])
    const { pid: shell } = await fleet.agent('worker0')
    expect(processFacts(pid)?.parent).not.toBe(shell)
    await fleet.ok(['fleet', 'stop', 'worker0'])
    expect(isAlive(shell ?? 0)).toBe(false)
    expect(await fleet.servicePid()).toBe(pid)
    expect(await fleet.healthy('orchestrator')).toMatchObject({ pid: kept.pid, session_id: kept.session_id })
    await fleet.ok(['fleet', 'start', 'worker0'])
    await fleet.ok(['fleet', 'stop'])
    expect(fleet.home.leftovers()).toEqual({ processes: [], sockets: [] })
  })

  it('outlives it also while the command that started it still runs', async () => {
    await using fleet = await fleetWithShell()
    // It waits for the shell itself, which never answers.
    const pid = await broughtBack(fleet, 'mosaic fleet up')
    await shows(fleet, '2 of 3 agents answer')
    const { pid: shell } = await fleet.agent('worker0')
    expect(await fleet.ok(['fleet', 'stop', 'worker0'])).toMatch(/worker0 +stopped/)
    expect(isAlive(shell ?? 0)).toBe(false)
    expect(await fleet.servicePid()).toBe(pid)
    expect((await fleet.healthy('orchestrator')).supervisor.restarts).toBe(0)
    await fleet.ok(['fleet', 'stop'])
    expect(fleet.home.leftovers()).toEqual({ processes: [], sockets: [] })
  })
})
