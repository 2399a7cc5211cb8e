/** What runs and is not what the roster defines, and what runs and no roster names. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { agentIs, allHealthy, CORE, FleetHome, healthIs, type RosterEntry } from '@mosaic/testkit/contracts/fleet-home'
import { isAlive } from '@mosaic/testkit/processes'
import { until } from '@mosaic/testkit/until'
import { describe, expect, test } from 'vitest'
import { openLocalFleet } from './fixtures/local-fleet-of.ts'
import type { LocalFleet } from './local-fleet.ts'
import { programPath } from './programs.ts'
import { systemClock } from './system-clock.ts'

const CODER: RosterEntry = { name: 'coder0' }
const STUB = [process.execPath, programPath('stub-runtime')]

/** Lets so many milliseconds have passed: what runs in a pane is looked at only once a launch has had its time. */
type Leap = (ms: number) => void
type Act = (fleet: LocalFleet, home: FleetHome, leap: Leap) => Promise<void>
type Agents = (home: FleetHome) => readonly RosterEntry[]

const scene =
  (act: Act, agents: Agents = () => [CODER]) =>
  async () => {
    await using home = new FleetHome()
    home.writeRoster(agents(home))
    let leaptMs = 0
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + leaptMs }
    await using opened = await openLocalFleet({ env: home.env, clock })
    await opened.fleet.start()
    await allHealthy(opened.fleet)
    await act(opened.fleet, home, (ms) => {
      leaptMs += ms
    })
  }

/** An executable of its own, which its interpreter runs. */
function scriptOf(argv: readonly string[], home: FleetHome): string {
  const path = join(home.root, 'my-agent')
  writeFileSync(path, `#!/bin/sh\n"${argv.join('" "')}"\nexit 1\n`, { mode: 0o755 })
  return path
}

const drifts = (fleet: LocalFleet) => agentIs(fleet, 'coder0', ({ flags }) => flags.includes('DRIFT'), 'drifting')

describe('drift', () => {
  const changes: readonly (readonly [what: string, change: (home: FleetHome) => Record<string, unknown>, reason: RegExp])[] = [
    ['model', () => ({ model_hint: 'other-model' }), /^model: runs the default, roster says other-model$/],
    ['runtime', () => ({ runtime: 'pi' }), /^runtime: runs stub, roster says pi/],
    [
      'settings',
      () => ({ yolo: true, effort: 'max' }),
      /^yolo: runs with it off, roster says on; effort: runs the default, roster says max$/,
    ],
    ['command', () => ({ command: [...STUB, '--other'] }), /^command: runs with other arguments/],
    [
      'directory',
      (home) => {
        mkdirSync(join(home.root, 'elsewhere'))
        return { working_directory: join(home.root, 'elsewhere') }
      },
      /^cwd: runs in .*\/work, roster says .*\/elsewhere$/,
    ],
  ]

  test.each(changes)('of the %s shows with its reason, and ends with a restart or the old roster', async (_what, change, reason) => {
    await scene(async (fleet, home) => {
      const { pid } = await fleet.agent('coder0')
      const changed = { ...CODER, ...change(home) }
      home.writeRoster([changed])
      expect(await fleet.reload()).toEqual({ applied: true, problem: null })
      const drifted = await drifts(fleet)
      expect(drifted.flag_reasons['DRIFT']).toMatch(reason)
      expect(drifted.pid).toBe(pid)
      home.writeRoster([CODER])
      await fleet.reload()
      expect((await fleet.agent('coder0')).flags).toEqual([])
      if (changed.runtime !== undefined) return
      home.writeRoster([changed])
      await fleet.reload()
      await fleet.restart(['coder0'])
      await healthIs(fleet, 'coder0', 'healthy')
      await until(async () => (await fleet.agent('coder0')).flags.length === 0)
    })()
  })

  test(
    'shows when the process in the pane was replaced by another, which is not healthy and is typed nothing',
    scene(async (fleet, home, leap) => {
      const { pid } = await fleet.agent('coder0')
      leap(3_000)
      await home.tmux('respawn-pane', '-k', '-t', '=coder0:0.0', 'cat')
      const drifted = await drifts(fleet)
      expect(drifted.flag_reasons['DRIFT']).toContain('process: stub is not what runs in the pane')
      expect(drifted.pid).not.toBe(pid)
      expect(drifted.health).not.toBe('healthy')
      const message = home.message('coder0', 'not for a cat', { deadlineAtMs: Date.now() + 300 })
      await fleet.send(message)
      expect(await fleet.waitForReceipt(message.id, 20_000)).toMatchObject({ state: 'refused', attempts: 0 })
      expect((await home.screen('coder0')).trim()).toBe('')
    }),
  )

  test(
    'keeps messages out of the pane also where the replaced runtime lives on outside it and answers',
    scene(
      async (fleet, home, leap) => {
        const { pid } = await fleet.agent('coder0')
        leap(3_000)
        await home.tmux('respawn-pane', '-k', '-t', '=coder0:0.0', 'cat')
        await drifts(fleet)
        expect(isAlive(pid ?? 0)).toBe(true)
        const message = home.message('coder0', 'not for a cat', { deadlineAtMs: Date.now() + 2_000 })
        await fleet.send(message)
        expect(await fleet.waitForReceipt(message.id, 20_000)).toMatchObject({ state: 'refused', reason: 'foreign-process', attempts: 0 })
        expect((await home.screen('coder0')).trim()).toBe('')
        expect(home.submits()).toEqual([])
      },
      (home) => [home.fakeAgent('coder0', ['cooperative', 'stubborn'])],
    ),
  )

  test(
    'is none of a process that a session was replaced with: it is not known as this fleet’s',
    scene(async (fleet, home) => {
      await fleet.stop(['coder0'])
      const foreign = await home.foreignSession('coder0')
      const drifted = await drifts(fleet)
      expect(drifted.flag_reasons['DRIFT']).toContain('it was not launched by this fleet')
      expect(drifted.pid).toBe(foreign)
    }),
  )

  test.each([
    ['by its path', (argv) => argv],
    ['by its name on the PATH', ([_, ...argv]) => ['node', ...argv]],
    ['by a program that becomes it', (argv) => ['env', 'SOME=thing', ...argv]],
    ['by a shell that becomes it', (argv) => ['sh', '-c', 'exec "$0" "$@"', ...argv]],
    ['by a shell that waits for it', (argv) => ['sh', '-c', '"$0" "$@"; exit', ...argv]],
    ['by a script of its own', (argv, home) => [scriptOf(argv, home), '--option']],
  ] as readonly (readonly [string, (argv: readonly string[], home: FleetHome) => readonly string[]])[])(
    'is none when the roster gives the command %s',
    async (_how, wrapped) => {
      await scene(
        async (fleet, _home, leap) => {
          leap(3_000)
          const { health, flag_reasons } = await fleet.agent('coder0')
          expect({ health, flag_reasons }).toEqual({ health: 'healthy', flag_reasons: {} })
        },
        // A program that no adapter knows by its looks.
        (home) => [{ ...CODER, command: wrapped(home.fakeAgent('coder0', ['cooperative'])['command'] as string[], home) }],
      )()
    },
  )
})

describe('an orphan', () => {
  test(
    'is a session on the socket that no roster entry names, as long as it is there',
    scene(async (fleet, home) => {
      expect((await fleet.snapshot()).orphans).toEqual([])
      const pid = await home.foreignSession('stray')
      expect((await fleet.snapshot()).orphans).toEqual([{ session: 'stray', pid, command: 'cat' }])
      await home.tmux('kill-session', '-t', '=stray:')
      expect((await fleet.snapshot()).orphans).toEqual([])
    }),
  )

  test(
    'is also an agent that left the roster while it ran; the end of the fleet is its end',
    scene(
      async (fleet, home) => {
        const { pid } = await fleet.agent('enhancer')
        home.writeRoster([CORE[0] as RosterEntry])
        await fleet.reload()
        expect((await fleet.snapshot()).orphans).toMatchObject([{ session: 'enhancer', pid }])
        await home.foreignSession('stray')
        await fleet.shutdown()
        expect(isAlive(pid ?? 0)).toBe(false)
        expect((await home.tmux('list-sessions', '-F', '#{session_name}')).trim()).toBe('stray')
      },
      () => CORE,
    ),
  )

  test('is no session of the operator’s on the default socket of tmux', async () => {
    await using home = new FleetHome({ ownTmuxDirectory: true })
    home.writeRoster([CODER], { tmux: {} })
    const onDefaultSocket = (...args: string[]) => execFileSync('tmux', args, { env: home.env, encoding: 'utf8' }).trim()
    onDefaultSocket('new-session', '-d', '-s', 'mine', 'cat')
    await using opened = await openLocalFleet({ env: home.env })
    const { fleet } = opened
    await fleet.start()
    await healthIs(fleet, 'coder0', 'healthy')
    expect(onDefaultSocket('list-sessions', '-F', '#{session_name}')).toContain('coder0')
    expect(await fleet.snapshot()).toMatchObject({ socket_name: null, orphans: [] })
    await fleet.shutdown()
    expect(onDefaultSocket('list-sessions', '-F', '#{session_name}')).toBe('mine')
  })
})
