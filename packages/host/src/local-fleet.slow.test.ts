import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { FleetError } from '@mosaic/domain/error'
import type { Clock } from '@mosaic/domain/ports/clock'
import { fleetContract } from '@mosaic/testkit/contracts/fleet-contract'
import {
  agentIs,
  allHealthy,
  CORE,
  FleetHome,
  healthIs,
  isBack,
  listenTo,
  pidOf,
  type RosterEntry,
} from '@mosaic/testkit/contracts/fleet-home'
import { freeze, fullDisk, killNine } from '@mosaic/testkit/faults'
import { until } from '@mosaic/testkit/until'
import { describe, expect, test } from 'vitest'
import { openLocalFleet } from './fixtures/local-fleet-of.ts'
import { systemClock } from './system-clock.ts'

fleetContract('a fleet in this process', ({ env }) => openLocalFleet({ env }))

describe('a death is told by an event, with every poll switched off', () => {
  /** Timers of seconds never fire: nothing is found by looking again. */
  const impatient: Clock = { ...systemClock, after: (ms, call) => (ms >= 2_000 ? () => {} : systemClock.after(ms, call)) }

  /** Its child, of another session, keeps the descriptor open whose end would tell of the death. */
  const withHeir = (home: FleetHome): RosterEntry => {
    const { command } = home.fakeAgent('coder0', ['cooperative'])
    return { name: 'coder0', command: ['sh', '-c', 'setsid sleep 3600 & exec "$0" "$@"', ...(command as string[])] }
  }
  const ends: readonly (readonly [string, (home: FleetHome, pid: number) => unknown])[] = [
    ['of the process', (_, pid) => killNine(pid)],
    ['of the session', (home) => home.tmux('kill-session', '-t', '=coder0:')],
  ]

  test.each(ends)('the end %s by the kernel alone, without a word of tmux', async (_, end) => {
    await using home = new FleetHome()
    home.writeRoster([{ name: 'coder0' }])
    await using opened = await openLocalFleet({ env: home.env, clock: impatient, listensToTmux: false })
    await opened.fleet.start()
    const { pid } = await healthIs(opened.fleet, 'coder0', 'healthy')
    await end(home, pid ?? 0)
    await isBack(opened.fleet, 'coder0', pid)
  })

  test.each(ends)('the end %s by tmux alone, while a child holds the descriptor', async (_, end) => {
    await using home = new FleetHome()
    home.writeRoster([withHeir(home)])
    await using opened = await openLocalFleet({ env: home.env, clock: impatient })
    await opened.fleet.start()
    const { pid } = await healthIs(opened.fleet, 'coder0', 'healthy')
    await end(home, pid ?? 0)
    await isBack(opened.fleet, 'coder0', pid)
  })
})

test('a reset that a frozen runtime does not answer is no new session: nothing is ended, and the caller is told how to', async () => {
  await using home = new FleetHome()
  home.writeRoster([{ name: 'coder0' }])
  await using opened = await openLocalFleet({ env: home.env })
  await opened.fleet.start()
  const { pid, session_id } = await healthIs(opened.fleet, 'coder0', 'healthy')
  await using frozen = await freeze(pid ?? 0)
  const error = await opened.fleet.reset('coder0', { newSession: false }).catch((reason: FleetError) => reason)
  expect(error).toMatchObject({ code: 'not_done', reason: 'hung', mend: 'mosaic agent reset coder0 --new' })
  await frozen.thaw()
  expect(await healthIs(opened.fleet, 'coder0', 'healthy')).toMatchObject({ pid, session_id })
})

describe('a fleet that is taken over', () => {
  test('with a runtime that is not installed any more goes on with the one that runs, and reaches it', async () => {
    await using home = new FleetHome()
    home.writeRoster(CORE)
    const first = await openLocalFleet({ env: home.env })
    await first.fleet.start()
    await allHealthy(first.fleet)
    const pid = await pidOf(first.fleet, 'enhancer')
    await first[Symbol.asyncDispose]()
    const uninstalled = () => Promise.reject(new FleetError('missing', 'the program is gone', { mend: 'install it again' }))
    await using second = await openLocalFleet({ env: home.env, adapted: (adapter) => ({ ...adapter, locate: uninstalled }) })
    await allHealthy(second.fleet)
    const message = home.message('enhancer', 'still there?')
    await second.fleet.send(message)
    expect((await second.fleet.waitForReceipt(message.id, 20_000)).state).toBe('accepted')
    killNine(pid)
    const failed = await agentIs(second.fleet, 'enhancer', ({ supervisor }) => supervisor.state === 'failed', 'having failed')
    expect(failed.health_reason).toContain('the program is gone')
  })

  test('with a roster that names a runtime of another version shows the drift, touches nothing, and reaches what runs', async () => {
    await using home = new FleetHome()
    home.writeRoster([{ name: 'coder0' }])
    const first = await openLocalFleet({ env: home.env })
    await first.fleet.start()
    const { pid } = await healthIs(first.fleet, 'coder0', 'healthy')
    await first[Symbol.asyncDispose]()
    home.writeRoster([{ name: 'coder0', runtime: 'opencode' }])
    await using second = await openLocalFleet({ env: home.env })
    const drifted = await agentIs(second.fleet, 'coder0', ({ flags }) => flags.includes('DRIFT'), 'drifting')
    expect(drifted).toMatchObject({
      pid,
      pane: 'alive',
      flag_reasons: { DRIFT: expect.stringContaining('runs stub, roster says opencode') },
    })
    const { id } = await second.fleet.send(home.message('coder0', 'still there?'))
    expect(await second.fleet.waitForReceipt(id, 20_000)).toMatchObject({ state: 'accepted', signal: 'stub:accepted' })
  })

  test('hands over nothing again that was accepted while nobody listened', async () => {
    await using home = new FleetHome()
    home.writeRoster([home.fakeAgent('coder0', ['cooperative', 'thinks'])])
    const first = await openLocalFleet({ env: home.env })
    await first.fleet.start()
    await healthIs(first.fleet, 'coder0', 'healthy')
    const messages = ['one', 'two', 'three'].map((text) => home.message('coder0', text))
    for (const message of messages) await first.fleet.send(message)
    // In the middle of it.
    await until(() => home.submits().length > 0)
    await first[Symbol.asyncDispose]()
    await using second = await openLocalFleet({ env: home.env })
    for (const { id } of messages) expect((await second.fleet.waitForReceipt(id, 20_000)).state).toBe('accepted')
    await until(() => home.submits().length >= messages.length)
    expect(home.submits().map(({ id }) => id)).toEqual(messages.map(({ id }) => id))
    expect(home.log('duplicate')).toEqual([])
  })
})

test('of an agent that left the roster nothing stays when it dies, and it is not brought back', async () => {
  await using home = new FleetHome()
  home.writeRoster(CORE)
  await using opened = await openLocalFleet({ env: home.env })
  const { fleet } = opened
  await using heard = listenTo(fleet)
  await fleet.start()
  await allHealthy(fleet)
  const pid = await pidOf(fleet, 'enhancer')
  home.writeRoster(CORE.slice(0, 1))
  await fleet.reload()
  killNine(pid)
  await heard.heard('died', 'enhancer')
  await until(() => !home.runFiles().some((file) => file.startsWith('enhancer')), { what: 'the end of its files' })
  const sibling = await pidOf(fleet, 'orchestrator')
  killNine(sibling)
  await isBack(fleet, 'orchestrator', sibling)
  expect(heard.events.filter(({ kind, agent }) => kind === 'launched' && agent === 'enhancer')).toHaveLength(1)
})

test('on a full disk agents are supervised on, nothing is said to be done that is not, and all is well once there is room', async (context) => {
  await using home = new FleetHome()
  await using disk = await fullDisk({ at: home.mosaicHome, sizeKiB: 4096 }).catch((error: FleetError) => context.skip(error.message))
  await using _processes = { [Symbol.asyncDispose]: () => home.endProcesses() }
  // What is written for each launch is then more than the little that a launch frees.
  const many = Array.from({ length: 100 }, (_, index) => ({ name: `worker${index}` }))
  home.writeRoster([...CORE, ...many])
  await using opened = await openLocalFleet({ env: home.env, policy: { maxRestarts: 2, firstDelayMs: 10, maxDelayMs: 200 } })
  const { fleet } = opened
  const core = CORE.map(({ name }) => name)
  await fleet.start(core)
  await allHealthy(fleet, core)
  const [pid, sibling] = [await pidOf(fleet, 'enhancer'), await pidOf(fleet, 'orchestrator')]
  disk.fill()
  const message = home.message('orchestrator', 'no room')
  await expect(fleet.send(message)).rejects.toMatchObject({ code: 'not_done' })
  await using heard = listenTo(fleet)
  killNine(pid)
  // More often than a runtime may die: what the machine lacks is not its fault.
  const failures = () => heard.events.filter(({ detail }) => String(detail['detail']).includes('ENOSPC'))
  await until(() => failures().length > 4)
  expect(await fleet.agent('enhancer')).toMatchObject({
    health: 'dead',
    supervisor: { wanted: true, last_exit: expect.stringContaining('ENOSPC') },
  })
  expect(await fleet.agent('orchestrator')).toMatchObject({ pid: sibling, pane: 'alive' })
  disk.relieve()
  await isBack(fleet, 'enhancer', pid)
  await healthIs(fleet, 'orchestrator', 'healthy')
  await fleet.send(message)
  expect((await fleet.waitForReceipt(message.id, 20_000)).state).toBe('accepted')
})

test('an ephemeral agent that is idle for as long as its roster lets it is removed, with its messages taken and in its own name', async () => {
  await using home = new FleetHome()
  home.writeRoster([...CORE, { name: 'coder0', lifecycle: 'ephemeral', idle_timeout: 1 }, { name: 'coder1', lifecycle: 'ephemeral' }])
  await using opened = await openLocalFleet({ env: home.env })
  await opened.fleet.start()
  await healthIs(opened.fleet, 'coder1', 'healthy')
  await until(async () => (await opened.fleet.snapshot()).agents.every(({ name }) => name !== 'coder0'), { what: 'the end of coder0' })
  const { agents, orphans } = await opened.fleet.snapshot()
  expect([agents.map(({ name }) => name), orphans]).toEqual([['orchestrator', 'enhancer', 'coder1'], []])
  const audit = readFileSync(join(home.fleet, 'audit.jsonl'), 'utf8').trimEnd().split('\n')
  expect(audit.map((line) => JSON.parse(line)).filter(({ verb }) => verb === 'remove')).toEqual([
    expect.objectContaining({ agent: 'coder0', actor: expect.stringMatching(/:mosaicd$/) }),
  ])
})
