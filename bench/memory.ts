/**
 * Memory and processes that an agent costs in a fleet, beside the same runtime started bare in a tmux pane.
 *
 *   node bench/memory.ts [--json] [--quick]
 */

import { readFileSync } from 'node:fs'
import { programPath } from '@mosaic/host/programs'
import { PI_ENVIRONMENT } from '@mosaic/host/runtimes/pi/environment'
import { locatePi } from '@mosaic/host/runtimes/pi/pi-program'
import { processesWith } from '@mosaic/testkit/processes'
import { type TempHome, tempHome } from '@mosaic/testkit/temp-home'
import { until } from '@mosaic/testkit/until'
import { type BenchRuntime, preparePi, RUNTIMES, serviceOf, worldOf, writeSize } from './agents.ts'
import { type Bench, type BenchOptions, keep, main, say } from './bench.ts'
import { NODE } from './commands.ts'
import type { Figure } from './figures.ts'
import { median } from './measure.ts'

/** How long what was started may take to come to rest, milliseconds. */
const REST_MS = 5_000
const MIB = 1024

/** Proportional share of one process, KiB: what several share is counted once among them. 0 for one that has gone. */
function memoryOf(pid: number, field: 'Pss' | 'Rss' = 'Pss'): number {
  try {
    return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

interface Usage {
  /** Of everything that runs in the home, model server excepted, KiB. */
  total: number
  processes: number
}

const isModelServer = (pid: number): boolean => readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('/fake-llm/main.ts')

async function usageIn({ env }: TempHome): Promise<Usage> {
  await new Promise((resolve) => setTimeout(resolve, REST_MS))
  const pids = processesWith([`HOME=${env['HOME']}`]).filter((pid) => !isModelServer(pid))
  return { total: sum(pids.map((pid) => memoryOf(pid))), processes: pids.length }
}

interface Growth {
  small: Usage
  large: Usage
  /** Resident memory of the tmux server at the large size, KiB. */
  tmux: number
  /** Per agent between the two sizes. */
  perAgent: Usage
}

const growthBetween = (small: Usage, large: Usage, added: number): Omit<Growth, 'tmux'> => ({
  small,
  large,
  perAgent: { total: (large.total - small.total) / added, processes: (large.processes - small.processes) / added },
})

const tmuxRss = async (home: TempHome): Promise<number> => memoryOf(Number(await home.tmux('display-message', '-p', '#{pid}')), 'Rss')

interface FleetGrowth extends Growth {
  /** Resident memory of the host service at the large size, KiB. */
  service: number
  /** Processes that have an agent's environment, per agent, median. */
  own: number
}

async function inFleet(runtime: BenchRuntime, [few, many]: readonly [number, number]): Promise<FleetGrowth> {
  await using kept = keep(await worldOf(runtime, { size: few }))
  const fleet = kept.world
  await fleet.ok(['fleet', 'up'])
  const small = await usageIn(fleet.home)
  writeSize(fleet, runtime, many)
  await fleet.ok(['fleet', 'up', '--timeout', '600'])
  const large = await usageIn(fleet.home)
  await using client = await serviceOf(fleet)
  const { agents } = await client.snapshot()
  const own = agents.map(({ name }) => processesWith([`MOSAIC_LINK=${fleet.paths.linkOf(name)}`]).length)
  const service = memoryOf((await client.status()).pid, 'Rss')
  return { ...growthBetween(small, large, many - few), service, own: median(own), tmux: await tmuxRss(fleet.home) }
}

async function argvOf(runtime: BenchRuntime, { env }: TempHome): Promise<readonly string[]> {
  if (runtime === 'stub') return [NODE, programPath('stub-runtime')]
  return (await locatePi({ command: undefined, path: env['PATH'] ?? '', from: import.meta.dirname })).argv
}

/** The same runtime without a fleet, in panes of the same size. */
async function bare(runtime: BenchRuntime, [few, many]: readonly [number, number]): Promise<Growth> {
  await using kept = keep(await tempHome({ env: runtime === 'pi' ? PI_ENVIRONMENT : {} }))
  const home = kept.world
  if (runtime === 'pi') await preparePi(home)
  const argv = await argvOf(runtime, home)
  const grow = async (from: number, to: number): Promise<Usage> => {
    for (let index = from; index < to; index += 1) {
      await home.tmux('new-session', '-d', '-s', `bare${index}`, '-x', '200', '-y', '50', '-c', '/tmp', '--', ...argv)
    }
    const drawn = async (index: number) => (await home.tmux('capture-pane', '-p', '-t', `=bare${index}:`)).trim() !== ''
    for (let index = from; index < to; index += 1) {
      await until(() => drawn(index), { what: `the screen of ${argv.join(' ')}`, withinMs: 120_000, everyMs: 100 })
    }
    return usageIn(home)
  }
  const small = await grow(0, few)
  return { ...growthBetween(small, await grow(few, many), many - few), tmux: await tmuxRss(home) }
}

async function figuresFor(runtime: BenchRuntime, sizes: readonly [number, number]): Promise<Figure[]> {
  say(`memory: ${runtime} in a fleet`)
  const fleet = await inFleet(runtime, sizes)
  say(`memory: ${runtime} bare`)
  const alone = await bare(runtime, sizes)
  const [few, many] = sizes
  const mib = (what: string, value: number, baseline: { what: string; value: number }): Figure => ({
    what: `${runtime}: ${what}`,
    unit: 'MiB',
    value: value / MIB,
    baseline: { what: baseline.what, value: baseline.value / MIB },
  })
  return [
    {
      what: `${runtime}: processes per agent, from ${few} to ${many} agents`,
      unit: '',
      value: fleet.perAgent.processes,
      baseline: { what: 'bare in a pane', value: alone.perAgent.processes },
      goal: { of: 'value', atMost: 1 },
    },
    {
      what: `${runtime}: processes with an agent's environment`,
      unit: '',
      value: fleet.own,
      baseline: { what: 'bare in a pane', value: alone.perAgent.processes },
      goal: { of: 'value', atMost: 1 },
    },
    mib(`PSS per agent, from ${few} to ${many}`, fleet.perAgent.total, { what: 'bare in a pane', value: alone.perAgent.total }),
    mib(`PSS of all with ${few} agents`, fleet.small.total, { what: `${few} bare, and their tmux`, value: alone.small.total }),
    mib(`PSS of all with ${many} agents`, fleet.large.total, { what: `${many} bare, and their tmux`, value: alone.large.total }),
    mib(`RSS of the tmux server with ${many} agents`, fleet.tmux, { what: `of ${many} bare`, value: alone.tmux }),
    mib(`RSS of the host service with ${many} agents`, fleet.service, { what: 'PSS of one bare agent', value: alone.perAgent.total }),
  ]
}

async function run({ quick }: BenchOptions): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const runtime of RUNTIMES) figures.push(...(await figuresFor(runtime, quick ? [2, 5] : [2, 20])))
  return figures
}

export const memory: Bench = { name: 'memory', run }

if (import.meta.main) await main([memory])
