/** What a supervisor makes of orders that cross, cannot be carried out, or meet what is not its own. */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { killNine } from '../faults.ts'
import { isAlive, processesWith } from '../processes.ts'
import { until } from '../until.ts'
import { agentIs, type FleetHome, healthIs, isBack, pidOf, type RosterEntry } from './fleet-home.ts'
import { launches, lives, NEVER_MS, only, type SupervisorScenes, sessionsOf } from './supervisor-scene.ts'

export function ordersUnder(name: string, scene: SupervisorScenes): void {
  describe(`orders that cross under ${name}`, () => {
    test(
      'a stop while it starts leaves nothing running',
      scene(
        async ({ home, fleet, heard }) => {
          for (const _ of [1, 2, 3]) {
            await Promise.all([fleet.start(['enhancer']), fleet.stop(['enhancer'])])
            expect(await fleet.agent('enhancer')).toMatchObject({ health: 'stopped', pane: 'none', supervisor: { state: 'down' } })
            expect(await sessionsOf(home)).not.toContain('enhancer')
            expect(processesWith([`MOSAIC_HEARTBEAT_FILE=${join(home.run, 'enhancer.hb')}`])).toEqual([])
          }
          expect(await fleet.start(['enhancer'])).toMatchObject([{ did: 'started' }])
          await healthIs(fleet, 'enhancer', 'healthy')
          expect(lives(heard, 'enhancer')).not.toContain('backoff')
        },
        { start: ['orchestrator'] },
      ),
    )

    test(
      'a restart while it starts ends with one that runs',
      scene(
        async ({ home, fleet }) => {
          await Promise.all([fleet.start(['enhancer']), fleet.restart(['enhancer']), fleet.restart(['enhancer'])])
          const { pid } = await healthIs(fleet, 'enhancer', 'healthy')
          expect((await sessionsOf(home)).filter((session) => session === 'enhancer')).toHaveLength(1)
          expect(processesWith([`MOSAIC_HEARTBEAT_FILE=${join(home.run, 'enhancer.hb')}`])).toEqual([pid])
        },
        { start: ['orchestrator'] },
      ),
    )

    test(
      'a stop that was asked for after a restart is what holds',
      scene(async ({ home, fleet }) => {
        const restarted = fleet.restart(['enhancer'])
        await Promise.all([restarted, fleet.stop(['enhancer'])])
        expect(await fleet.agent('enhancer')).toMatchObject({
          health: 'stopped',
          pane: 'none',
          supervisor: { wanted: false, state: 'down' },
        })
        expect(processesWith([`MOSAIC_HEARTBEAT_FILE=${join(home.run, 'enhancer.hb')}`])).toEqual([])
      }),
    )

    test(
      'a stop before a restart is due keeps it down',
      scene(
        async ({ home, fleet, heard }) => {
          killNine(await pidOf(fleet, 'enhancer'))
          await agentIs(fleet, 'enhancer', ({ supervisor }) => supervisor.state === 'backoff', 'waiting for its restart')
          expect(await fleet.stop(['enhancer'])).toMatchObject([{ did: 'stopped' }])
          expect(await fleet.agent('enhancer')).toMatchObject({ health: 'stopped', pane: 'none', supervisor: { state: 'down' } })
          expect(await sessionsOf(home)).not.toContain('enhancer')
          expect(launches(heard, 'enhancer')).toBe(1)
        },
        { policy: { firstDelayMs: NEVER_MS, maxDelayMs: NEVER_MS } },
      ),
    )

    test(
      'a start while it is being stopped is done after the stop',
      scene(
        async ({ fleet }) => {
          const pid = await pidOf(fleet, 'coder0')
          const stopped = fleet.stop(['coder0'])
          await agentIs(fleet, 'coder0', ({ supervisor }) => supervisor.state === 'stopping', 'being stopped')
          await Promise.all([fleet.start(['coder0']), stopped])
          expect(isAlive(pid)).toBe(false)
          await isBack(fleet, 'coder0', pid)
        },
        { agents: (home) => only(home.fakeAgent('coder0', ['cooperative', 'stubborn'])) },
      ),
    )
  })

  describe(`a stop under ${name}`, () => {
    test(
      'ends a runtime that ignores SIGTERM, and the child that it would leave',
      scene(
        async ({ home, fleet }) => {
          const pid = await pidOf(fleet, 'coder0')
          const child = Number((await until(() => home.log('child')[0])).detail)
          expect(await fleet.stop(['coder0'])).toMatchObject([{ did: 'stopped' }])
          expect([isAlive(pid), isAlive(child)]).toEqual([false, false])
          expect(home.log('signal').map(({ detail }) => detail)).toContain('SIGTERM')
          expect(await fleet.agent('coder0')).toMatchObject({ health: 'stopped', pane: 'none' })
        },
        { agents: (home) => only(home.fakeAgent('coder0', ['cooperative', 'stubborn', 'orphan'])) },
      ),
    )
  })

  describe(`a launch that cannot work under ${name}`, () => {
    const hopeless = (entry: (home: FleetHome) => RosterEntry, said: RegExp, mend: RegExp, mended?: (home: FleetHome) => void) =>
      scene(
        async ({ home, fleet, heard }) => {
          const [outcome] = await fleet.start(['coder0'])
          expect(outcome).toMatchObject({ did: 'failed', detail: expect.stringMatching(said) })
          expect(outcome?.detail).toMatch(mend)
          const failed = await fleet.agent('coder0')
          expect(failed).toMatchObject({ health: 'dead', pane: 'none', supervisor: { state: 'failed' } })
          expect(failed.health_reason).toMatch(said)
          // Meanwhile another agent dies and comes back: whoever retried had the time for it.
          const pid = await pidOf(fleet, 'orchestrator')
          killNine(pid)
          await isBack(fleet, 'orchestrator', pid)
          expect(lives(heard, 'coder0')).toEqual(['starting', 'failed'])
          if (mended === undefined) return
          mended(home)
          expect(await fleet.start(['coder0'])).toMatchObject([{ did: 'started' }])
          await healthIs(fleet, 'coder0', 'healthy')
        },
        { agents: (home) => only(entry(home)), start: ['orchestrator'], policy: { firstDelayMs: 1 } },
      )
    const missing = (home: FleetHome) => join(home.root, 'not there')

    test(
      'for want of its directory fails at once with the mend, and works once that is there',
      hopeless(
        (home) => ({ name: 'coder0', working_directory: missing(home) }),
        /working directory .* does not exist: .*not there/,
        /mkdir -p/,
        (home) => mkdirSync(missing(home)),
      ),
    )

    test(
      'for want of its runtime fails at once with the mend',
      hopeless(() => ({ name: 'coder0', runtime: 'pi', command: ['/nowhere/pi'] }), /\/nowhere\/pi/, /correct command in the roster/),
    )

    test(
      'because the program is missing is a crash loop, with the reason on its last screen',
      scene(
        async ({ fleet, heard }) => {
          await fleet.start(['coder0'])
          await heard.heard('failed', 'coder0', (detail) => detail['exit'] === 'exit 127')
          const { detail } = await heard.heard('died', 'coder0')
          expect(detail).toMatchObject({ exit: 'exit 127', lastScreen: expect.stringContaining('not found') })
        },
        {
          agents: () => only({ name: 'coder0', command: ['no-such-program-anywhere'] }),
          policy: { maxRestarts: 1, firstDelayMs: 1 },
          start: ['orchestrator'],
        },
      ),
    )
  })

  describe(`a session that is not the fleet's under ${name}`, () => {
    test(
      'is refused where an agent should stand, and left alone by start, stop and shutdown',
      scene(
        async ({ home, fleet }) => {
          const foreign = await home.foreignSession('enhancer')
          const [outcome] = await fleet.start(['enhancer'])
          expect(outcome).toMatchObject({ did: 'failed', detail: expect.stringMatching(/not of this fleet; mend: .*kill-session/) })
          const message = home.message('enhancer', 'not for you', { deadlineAtMs: Date.now() + 200 })
          await fleet.send(message)
          expect((await fleet.waitForReceipt(message.id, 20_000)).state).toBe('refused')
          expect(await fleet.stop(['enhancer'])).toMatchObject([{ did: 'stopped' }])
          expect(await fleet.shutdown()).toMatchObject([{ name: 'orchestrator', did: 'stopped' }, { name: 'enhancer' }])
          expect(isAlive(foreign)).toBe(true)
          expect(await sessionsOf(home)).toEqual(['enhancer'])
          expect((await home.screen('enhancer')).trim()).toBe('')
        },
        { start: ['orchestrator'] },
      ),
    )

    test(
      'takes the place of none that is gone: once it has left, the agent comes back',
      scene(async ({ home, fleet }) => {
        await fleet.stop(['enhancer'])
        const foreign = await home.foreignSession('enhancer')
        expect(await fleet.start(['enhancer'])).toMatchObject([{ did: 'failed' }])
        await home.tmux('kill-session', '-t', '=enhancer:')
        expect(await fleet.start(['enhancer'])).toMatchObject([{ did: 'started' }])
        expect((await isBack(fleet, 'enhancer', foreign)).supervisor.state).toBe('up')
      }),
    )
  })
}
