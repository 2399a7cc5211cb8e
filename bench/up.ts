/**
 * The main job: from nothing to a healthy fleet with one command, and back to nothing; beside doing by hand the part of it that
 * cannot be left out.
 *
 *   node bench/up.ts [--json] [--quick]
 */

import { programPath } from '@mosaic/host/programs'
import { isAlive } from '@mosaic/testkit/processes'
import { type TempHome, tempHome } from '@mosaic/testkit/temp-home'
import { until } from '@mosaic/testkit/until'
import { FleetUnderTest } from '../e2e/fleet-under-test.ts'
import { type Bench, type BenchOptions, keep, main, say } from './bench.ts'
import { NODE } from './commands.ts'
import type { Figure } from './figures.ts'
import { median, wallMs } from './measure.ts'

const NAMES = ['bare0', 'bare1'] as const

interface Times {
  upMs: number
  stopMs: number
}

async function product(): Promise<Times> {
  await using kept = keep(await FleetUnderTest.make({ heartbeatInterval: 15 }))
  const fleet = kept.world
  const upMs = await wallMs(() => fleet.ok(['fleet', 'up']))
  const stopMs = await wallMs(() => fleet.ok(['fleet', 'stop']))
  const { processes } = fleet.home.leftovers()
  if (processes.length > 0) throw new Error(`fleet stop left ${JSON.stringify(processes)}`)
  return { upMs, stopMs }
}

/** Two stubs on a tmux server of their own, until both have drawn their screens; nobody supervises, observes or carries messages. */
async function byHand(): Promise<Times> {
  await using kept = keep(await tempHome())
  const home = kept.world
  const upMs = await wallMs(async () => {
    for (const name of NAMES)
      await home.tmux('new-session', '-d', '-s', name, '-x', '200', '-y', '50', '--', NODE, programPath('stub-runtime'))
    for (const name of NAMES) await until(() => hasDrawn(home, name), { what: `the screen of ${name}`, everyMs: 2 })
  })
  const pids = (await home.tmux('list-panes', '-a', '-F', '#{pane_pid}')).trim().split('\n').map(Number)
  const stopMs = await wallMs(async () => {
    await home.tmux('kill-server')
    await until(() => !pids.some(isAlive), { what: 'the end of both', everyMs: 2 })
  })
  return { upMs, stopMs }
}

const hasDrawn = async (home: TempHome, name: string): Promise<boolean> =>
  (await home.tmux('capture-pane', '-p', '-t', `=${name}:`)).includes('stub')

async function run({ quick }: BenchOptions): Promise<Figure[]> {
  const ours: Times[] = []
  const bare: Times[] = []
  const rounds = quick ? 2 : 15
  say(`up: ${rounds} rounds`)
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await product())
    bare.push(await byHand())
  }
  const of = (times: readonly Times[], which: keyof Times) => median(times.map((one) => one[which]))
  return [
    {
      what: 'fleet up, from nothing to two healthy agents',
      unit: 'ms',
      value: of(ours, 'upMs'),
      baseline: { what: 'two bare stubs in tmux, until both have drawn', value: of(bare, 'upMs') },
    },
    {
      what: 'fleet stop, until nothing is left',
      unit: 'ms',
      value: of(ours, 'stopMs'),
      baseline: { what: 'tmux kill-server, until both have ended', value: of(bare, 'stopMs') },
    },
  ]
}

export const up: Bench = { name: 'up', run }

if (import.meta.main) await main([up])
