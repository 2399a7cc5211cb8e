/** What every fleet on a real runtime does, and how one is told that cannot be used: one suite, run per runtime. */

import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { until } from '@mosaic/testkit/until'
import { describe, expect, it } from 'vitest'
import { FleetUnderTest } from '../fleet-under-test.ts'
import { type OperatorsRuntime, OperatorWorld } from './operator-world.ts'

export interface JourneyOptions {
  runtime: OperatorsRuntime
  /** As it is called in words. */
  called: string
  /** The model as it is shown. */
  model: RegExp
  /** What `--version` of one that is too old prints. */
  old: string
  install: string
  /** What logs in; absent where it works without a login. */
  login?: string
}

/** For a large runtime on a slow machine. */
const JOURNEY_MS = 600_000
const UP = ['--timeout', '300']

function works({ runtime, model }: JourneyOptions): void {
  const { id } = runtime
  it('comes up from one command, answers, is counted, and goes without a trace', { timeout: JOURNEY_MS }, async () => {
    await using world = await OperatorWorld.open(runtime)
    const { fleet, llm } = world
    const up = await fleet.mosaic(['fleet', 'up', '--runtime', id, ...UP])
    expect(up.status, `${up.stdout}\n${up.stderr}`).toBe(0)
    expect(up.stdout).toMatch(new RegExp(`^orchestrator +orchestrator +${id} .*healthy`, 'm'))
    expect(up.stdout).toMatch(new RegExp(`^enhancer +enhancer +${id} .*healthy`, 'm'))

    const { status, receipt } = await fleet.send('orchestrator', 'what is the answer?', ['--verify-timeout', '60000'])
    expect(status).toBe(0)
    expect(receipt).toMatchObject({ state: 'accepted', signal: expect.stringMatching(`^${id}:`), attempts: 1, reason: null })
    const { userTexts } = await llm.waitForRequest((request) => request.userTexts.some((text) => text.includes(`#${receipt.id}]`)))
    expect(userTexts.join('\n')).toMatch(new RegExp(`\\[.*:operator -> .*:orchestrator #${receipt.id}\\]\\s+what is the answer\\?`))
    await until(async () => (await fleet.ok(['agent', 'tail', 'orchestrator'])).includes('the answer is forty-two'), {
      withinMs: 120_000,
      everyMs: 500,
    })
    const paid = await fleet.agentThat(
      'orchestrator',
      'counted and idle',
      (agent) => (agent.tokens_today ?? 0) > 0 && agent.activity === 'idle',
    )
    expect(paid).toMatchObject({ runtime: id, model: expect.stringMatching(model), flags: [], error: null })

    expect((await fleet.mosaic(['fleet', 'stop'])).status).toBe(0)
    expect(fleet.home.leftovers()).toEqual({ processes: [], sockets: [] })
    await until(() => llm.openCount() === 0)
  })

  it('goes on with its conversation after a restart', { timeout: JOURNEY_MS }, async () => {
    await using world = await OperatorWorld.open(runtime)
    const { fleet, llm } = world
    await fleet.ok(['fleet', 'up', '--runtime', id, ...UP])
    await fleet.send('orchestrator', 'remember the number 4711', ['--verify-timeout', '60000'])
    await llm.waitForRequest(({ outcome, userTexts }) => outcome === 'answered' && userTexts.some((text) => text.includes('4711')))
    await fleet.agentThat('orchestrator', 'idle', ({ activity }) => activity === 'idle')
    const before = await fleet.agent('orchestrator')
    await fleet.ok(['fleet', 'restart', 'orchestrator'])
    await fleet.healthy('orchestrator')
    expect((await fleet.agent('orchestrator')).pid).not.toBe(before.pid)
    llm.clearRequests()
    expect((await fleet.send('orchestrator', 'which number?', ['--verify-timeout', '60000'])).receipt.state).toBe('accepted')
    const { userTexts } = await llm.waitForRequest((request) => request.userTexts.some((text) => text.includes('which number?')))
    expect(userTexts.join('\n')).toMatch(/remember the number 4711[\s\S]*which number\?/)
  })
}

interface Bare extends AsyncDisposable {
  fleet: FleetUnderTest
  /** Runs the command where PATH holds what a fleet needs, and this runtime when it is installed. */
  run(...args: string[]): ReturnType<FleetUnderTest['mosaic']>
  /** A program that says this version, and does nothing else. */
  install(version: string): void
}

/** A home of somebody who has configured nothing. */
async function bare(id: string): Promise<Bare> {
  const fleet = await FleetUnderTest.make({ ownTmuxDirectory: true })
  const bin = join(fleet.home.root, 'bin')
  mkdirSync(bin)
  for (const name of ['tmux', 'setpriv', 'sh', 'tail', 'mkfifo', 'sleep']) {
    const found = (fleet.home.env['PATH'] ?? '').split(delimiter).map((directory) => join(directory, name))
    symlinkSync(found.find(existsSync) ?? name, join(bin, name))
  }
  return {
    fleet,
    run: (...args) => fleet.mosaic(args, { env: { PATH: bin } }),
    install: (version) => writeFileSync(join(bin, id), `#!/bin/sh\necho '${version}'\n`, { mode: 0o755 }),
    [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
  }
}

function cannotBeUsed({ runtime, called, old, install, login }: JourneyOptions): void {
  const { id } = runtime
  it('because it is missing is told with the command that installs it, before anything is made', async () => {
    await using world = await bare(id)
    const up = await world.run('fleet', 'up', '--runtime', id)
    expect(up).toEqual({
      status: 5,
      stdout: '',
      stderr: `mosaic: the runtime ${id} cannot be used: ${called} is not installed\n  mend:  ${install}\n`,
    })
    expect(readdirSync(world.fleet.home.mosaicHome)).toEqual([])
  })

  it('because it is too old is told with its version and the one that is needed', async () => {
    await using world = await bare(id)
    world.install(old)
    const up = await world.run('fleet', 'up', '--runtime', id)
    expect(up.status).toBe(5)
    expect(up.stderr).toMatch(
      new RegExp(
        `^mosaic: the runtime ${id} cannot be used: ${called} [\\d.]+ is too old: at least [\\d.]+ is needed\\n  mend:  ${install}`,
      ),
    )
    expect((await world.run('fleet', 'doctor')).stdout).toMatch(new RegExp(`runtime ${id} +${called} [\\d.]+ is too old`))
    expect(readdirSync(world.fleet.home.mosaicHome)).toEqual([])
  })

  if (login === undefined) return
  it('because it is logged out is told with what logs in; an agent with an account is told by its account', async () => {
    await using world = await bare(id)
    world.install('999.0.0')
    const up = await world.run('fleet', 'up', '--runtime', id)
    expect(up.status).toBe(5)
    expect(up.stderr).toMatch(new RegExp(`^mosaic: the runtime ${id} cannot be used: it is logged out: .*\\n  mend:  ${login}\\n`))
    expect(readdirSync(world.fleet.home.mosaicHome)).toEqual([])
    await world.run('account', 'add', 'work', '--runtime', id)
    world.fleet.writeRoster(`agents:\n  - {name: orchestrator, runtime: ${id}, account: work}\n  - {name: enhancer, runtime: stub}\n`)
    expect((await world.run('fleet', 'doctor')).stdout).toMatch(/account work[\s\S]*?mend: mosaic account login work/)
  })
}

export function runtimeJourney(options: JourneyOptions): void {
  describe(`a fleet on ${options.runtime.id}`, () => works(options))
  describe(`${options.runtime.id} that cannot be used`, () => cannotBeUsed(options))
}
