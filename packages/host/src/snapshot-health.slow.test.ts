/** Health as the fleet shows it, under faults of runtimes and of what stands in the place of their heartbeats. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatHeartbeat, type Heartbeat } from '@mosaic/domain/heartbeat'
import { agentIs, allHealthy, CORE, FleetHome, healthIs, isBack, pidOf } from '@mosaic/testkit/contracts/fleet-home'
import { eventuallyDead, freeze, killNine } from '@mosaic/testkit/faults'
import { until } from '@mosaic/testkit/until'
import { describe, expect, test } from 'vitest'
import { openLocalFleet } from './fixtures/local-fleet-of.ts'
import type { LocalFleet } from './local-fleet.ts'
import { processesWith } from './processes.ts'

interface Scene {
  home: FleetHome
  fleet: LocalFleet
  /** Of the enhancer. */
  beatFile: string
}

/** @param intervalS between heartbeats, seconds */
const scene = (intervalS: number, act: (scene: Scene) => Promise<void>) => async () => {
  await using home = new FleetHome({ heartbeatInterval: intervalS })
  home.writeRoster(CORE)
  await using opened = await openLocalFleet({ env: home.env, policy: { firstDelayMs: 3_600_000, maxDelayMs: 3_600_000 } })
  await opened.fleet.start()
  await allHealthy(opened.fleet)
  await act({ home, fleet: opened.fleet, beatFile: join(home.run, 'enhancer.hb') })
}

/** So that whoever looks sees the old or the new, as of a runtime's own hand. */
function replace(file: string, text: string): void {
  writeFileSync(`${file}.new`, text)
  renameSync(`${file}.new`, file)
}

describe('a frozen runtime', () => {
  test(
    'is not healthy after three intervals, and healthy again once it goes on; its sibling is healthy all the time',
    scene(0.5, async ({ home, fleet }) => {
      const pid = await pidOf(fleet, 'enhancer')
      await using frozen = await freeze(pid)
      const stale = await healthIs(fleet, 'enhancer', 'stale')
      expect(stale).toMatchObject({ pane: 'alive', pid, activity: null, health_reason: expect.stringMatching(/^no answer for \d+ s$/) })
      expect(stale.heartbeat_age_s).toBeGreaterThanOrEqual(1.5)
      expect(stale.supervisor).toMatchObject({ state: 'up', restarts: 0 })
      await healthIs(fleet, 'orchestrator', 'healthy')
      const message = home.message('enhancer', 'nobody is there', { deadlineAtMs: Date.now() + 2_000 })
      await fleet.send(message)
      expect(await fleet.waitForReceipt(message.id, 30_000)).toMatchObject({ state: 'refused', reason: 'hung', attempts: 0 })
      await frozen.thaw()
      expect(await healthIs(fleet, 'enhancer', 'healthy')).toMatchObject({ pid, activity: 'idle' })
      expect(await home.screen('enhancer')).not.toContain('nobody is there')
    }),
  )

  test(
    'answers that come late, all at once after the thaw, count from then on only',
    scene(0.5, async ({ fleet, beatFile }) => {
      await using frozen = await freeze(await pidOf(fleet, 'enhancer'))
      const before = readFileSync(beatFile, 'utf8')
      await healthIs(fleet, 'enhancer', 'stale')
      expect(readFileSync(beatFile, 'utf8')).toBe(before)
      await frozen.thaw()
      expect((await healthIs(fleet, 'enhancer', 'healthy')).heartbeat_age_s).toBeLessThan(1.5)
    }),
  )
})

describe('a killed runtime', () => {
  test(
    'is dead as long as it is not back, with how it ended, and takes no message',
    scene(1, async ({ home, fleet }) => {
      const pid = await pidOf(fleet, 'enhancer')
      killNine(pid)
      const dead = await agentIs(fleet, 'enhancer', ({ supervisor }) => supervisor.state === 'backoff', 'waiting for its restart')
      expect(dead).toMatchObject({ health: 'dead', health_reason: 'its process ended', pane: 'dead', pid: null, heartbeat_age_s: null })
      expect(dead.supervisor.last_exit).toBe('signal 9')
      const message = home.message('enhancer', 'too late', { deadlineAtMs: Date.now() })
      await fleet.send(message)
      expect(await fleet.waitForReceipt(message.id, 20_000)).toMatchObject({ state: 'refused', reason: 'dead', attempts: 0 })
      await fleet.start(['enhancer'])
      await isBack(fleet, 'enhancer', pid)
    }),
  )
})

describe('what stands in the place of a heartbeat', () => {
  const now = (more: Partial<Heartbeat>): string =>
    formatHeartbeat({ tsMs: Date.now(), pid: process.pid, status: 'ok', source: 'runtime', ...more })
  /** A runtime answers rarely here, so that nothing but the test touches the file. */
  const RARELY_S = 3_600

  const bad: readonly (readonly [what: string, reason: RegExp, put: (scene: Scene, pid: number) => void])[] = [
    ['garbage', /no ISO 8601 time/, ({ beatFile }) => replace(beatFile, '\u0000\u001b[2J\ufffd=\n===\n\n')],
    ['nothing', /no ISO 8601 time/, ({ beatFile }) => replace(beatFile, '')],
    ['a cut line', /no process id/, ({ beatFile }) => replace(beatFile, `ts=${new Date().toISOString()}\npi`)],
    ['an unknown status', /status= is none of/, ({ beatFile }, pid) => replace(beatFile, now({ pid }).replace('status=ok', 'status=fine'))],
    ['a future time', /stamped in the future/, ({ beatFile }, pid) => replace(beatFile, now({ pid, tsMs: Date.now() + 3_600_000 }))],
    ['the year 9999', /stamped in the future/, ({ beatFile }, pid) => replace(beatFile, now({ pid, tsMs: Date.UTC(9999, 1) }))],
    [
      'an impossible time',
      /no ISO 8601 time/,
      ({ beatFile }) => replace(beatFile, 'ts=2026-99-99T99:99:99Z\npid=1\nstatus=ok\nsource=runtime\n'),
    ],
    ['another process’s', /written by process 1, which is not in the pane/, ({ beatFile }) => replace(beatFile, now({ pid: 1 }))],
    [
      'a sibling’s',
      /written by process \d+, which is not/,
      ({ beatFile, home }) => replace(beatFile, readFileSync(join(home.run, 'orchestrator.hb'), 'utf8')),
    ],
    ['a sidecar’s', /only its process is proven/, ({ beatFile }, pid) => replace(beatFile, now({ pid, source: 'sidecar' }))],
    ['5 KiB', /larger than 4 KiB/, ({ beatFile }, pid) => replace(beatFile, now({ pid }) + 'x'.repeat(5_000))],
    [
      '8 GiB',
      /larger than 4 KiB/,
      ({ beatFile }, pid) => {
        writeFileSync(`${beatFile}.new`, now({ pid }))
        truncateSync(`${beatFile}.new`, 8 * 2 ** 30)
        renameSync(`${beatFile}.new`, beatFile)
      },
    ],
    [
      'a link to a good one',
      /not a regular file/,
      ({ beatFile, home }, pid) => {
        writeFileSync(join(home.root, 'good'), now({ pid }))
        rmSync(beatFile)
        symlinkSync(join(home.root, 'good'), beatFile)
      },
    ],
    [
      'a link to an endless device',
      /not a regular file/,
      ({ beatFile }) => {
        rmSync(beatFile)
        symlinkSync('/dev/zero', beatFile)
      },
    ],
    [
      'a link to itself',
      /not a regular file/,
      ({ beatFile }) => {
        rmSync(beatFile)
        symlinkSync(beatFile, beatFile)
      },
    ],
    [
      'a FIFO that nobody writes to',
      /not a regular file/,
      ({ beatFile }) => {
        rmSync(beatFile)
        execFileSync('mkfifo', [beatFile])
      },
    ],
    [
      'a directory',
      /not a regular file/,
      ({ beatFile }) => {
        rmSync(beatFile)
        mkdirSync(beatFile)
      },
    ],
  ]

  test(
    'neither crashes nor hangs the fleet, nor reads healthy, whatever it is; the next good answer is believed again',
    scene(RARELY_S, async (all) => {
      const { fleet, beatFile } = all
      const pid = await pidOf(fleet, 'enhancer')
      for (const [what, reason, put] of bad) {
        put(all, pid)
        const told = await agentIs(fleet, 'enhancer', ({ health }) => health === 'unknown', `being unknown for ${what}`)
        expect.soft(told.health_reason, what).toMatch(reason)
        expect.soft(told, what).toMatchObject({ pid, pane: 'alive', activity: null, supervisor: { state: 'up', restarts: 0 } })
        expect.soft((await fleet.agent('orchestrator')).health, what).toBe('healthy')
        rmSync(beatFile, { recursive: true, force: true })
        replace(beatFile, now({ pid }))
        await healthIs(fleet, 'enhancer', 'healthy')
      }
    }),
  )

  test(
    'is the past of the runtime when nothing stands there: it grows old and does not turn healthy again by itself',
    scene(0.5, async ({ fleet, beatFile }) => {
      await using _frozen = await freeze(await pidOf(fleet, 'enhancer'))
      rmSync(beatFile)
      await healthIs(fleet, 'enhancer', 'stale')
    }),
  )

  test('is not believed when it is from before the launch', async () => {
    await using home = new FleetHome()
    home.writeRoster([{ name: 'coder0', command: ['cat'] }])
    await using opened = await openLocalFleet({ env: home.env })
    writeFileSync(join(home.run, 'coder0.hb'), now({}))
    await opened.fleet.start()
    expect(await opened.fleet.agent('coder0')).toMatchObject({ health: 'starting', pane: 'alive', heartbeat_age_s: null })
  })
})

test('a runtime that is dead does not look alive through a child that outlived it', async () => {
  await using home = new FleetHome()
  home.writeRoster([home.fakeAgent('coder0', ['cooperative', 'orphan'])])
  await using opened = await openLocalFleet({ env: home.env, policy: { firstDelayMs: 3_600_000, maxDelayMs: 3_600_000 } })
  const { fleet } = opened
  await fleet.start()
  const { pid } = await healthIs(fleet, 'coder0', 'healthy')
  await until(() => home.log('child').length === 1)
  killNine(pid ?? 0)
  await eventuallyDead(pid ?? 0)
  await healthIs(fleet, 'coder0', 'dead')
  expect(processesWith(`MOSAIC_HOME=${home.mosaicHome}`)).toContain(Number(home.log('child')[0]?.detail))
  await fleet.stop()
  expect(processesWith(`MOSAIC_HOME=${home.mosaicHome}`)).not.toContain(Number(home.log('child')[0]?.detail))
})
