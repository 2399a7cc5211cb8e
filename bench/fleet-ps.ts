/**
 * What looking at the whole fleet costs, by its size: child processes, wall time, and what the host service does meanwhile.
 *
 *   node bench/fleet-ps.ts [--json] [--quick]
 */

import { readdirSync, readFileSync } from 'node:fs'
import { type Bench, type BenchOptions, keep, main, say } from './bench.ts'
import { countChildren, whyNotCounted } from './child-count.ts'
import { BARE_NODE, MOSAIC, timed } from './commands.ts'
import type { Figure } from './figures.ts'
import { interleaved, median, wallMs } from './measure.ts'
import { naiveJoin } from './naive-join.ts'
import { type Growth, Sleepers } from './sleepers.ts'

const PS = [...MOSAIC, 'fleet', 'ps'] as const
/** The size at which the naive way is measured. */
const NAIVE_AT = 100
const NAIVE_PER_AGENT = 4
interface Round {
  sleepers: Sleepers
  servicePid: number
  quick: boolean
  rounds: number
}

const agents = ({ sleepers }: Round): string => `${sleepers.size} agent${sleepers.size === 1 ? '' : 's'}`

async function childFigures(round: Round): Promise<Figure[]> {
  const what = `child processes of fleet ps, CLI and host service, ${agents(round)}`
  const notMeasured = whyNotCounted(round.servicePid)
  if (notMeasured !== undefined) return [{ what, notMeasured }]
  const counts: number[] = []
  for (let call = 0; call < (round.quick ? 2 : 5); call += 1) {
    counts.push(await countChildren(PS, round.sleepers.fleet.home.env, round.servicePid))
  }
  const baseline = { what: 'four per agent', value: NAIVE_PER_AGENT * round.sleepers.size }
  return [{ what, unit: '', value: Math.max(...counts), baseline, goal: { of: 'value', atMost: 3 } }]
}

async function wallFigures(round: Round): Promise<Figure[]> {
  const { sleepers, rounds } = round
  const { env, tmuxSocket } = sleepers.fleet.home
  const service = await sleepers.service()
  const samples = await interleaved(
    {
      ps: () => timed(PS, env),
      node: () => timed(BARE_NODE, env),
      tmux: () => timed(['tmux', '-L', tmuxSocket, 'list-panes', '-a'], env),
      join: () => wallMs(() => service.snapshot()),
    },
    rounds,
  )
  const [ps, node, tmux, join] = [median(samples.ps), median(samples.node), median(samples.tmux), median(samples.join)]
  const figures: Figure[] = [
    {
      what: `fleet ps, ${agents(round)}`,
      unit: 'ms',
      value: ps,
      baseline: { what: 'node -e 0, and tmux list-panes -a', value: node + tmux },
      goal: { of: 'ratio', atMost: 2 },
    },
    {
      what: `the join in the host service, ${agents(round)}`,
      unit: 'ms',
      value: join,
      baseline: { what: 'tmux list-panes -a', value: tmux },
    },
  ]
  return sleepers.size === NAIVE_AT ? [...figures, ...(await naiveFigures(round, { ps, node, join }))] : figures
}

async function naiveFigures(round: Round, { ps, node, join }: { ps: number; node: number; join: number }): Promise<Figure[]> {
  const { sleepers, quick } = round
  const names = (await (await sleepers.service()).snapshot()).agents.map(({ name }) => name)
  const loop = () => wallMs(() => naiveJoin(sleepers.fleet.home.tmuxSocket, names))
  const { naive } = await interleaved({ naive: loop }, quick ? 1 : 3)
  const shared = { unit: 'ms', ratioIs: 'times faster' } as const
  return [
    {
      ...shared,
      what: `the join in the host service, ${agents(round)}`,
      value: join,
      baseline: { what: 'the naive join, four processes per agent', value: median(naive) },
      goal: { of: 'ratio', atLeast: 100 },
    },
    // No goal: Node alone takes about a hundredth of the naive join.
    {
      ...shared,
      what: `fleet ps, ${agents(round)}`,
      value: ps,
      baseline: { what: 'node -e 0, and the naive join', value: node + median(naive) },
    },
  ]
}

/** Processor time that the threads of a process have used so far. */
function processorMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  const nanoseconds = threads.map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]))
  return nanoseconds.reduce((sum, value) => sum + value, 0) / 1e6
}

/** Processor time of the host service while nobody asks it anything, beside that of the tmux server. */
async function idleFigures(round: Round): Promise<Figure[]> {
  const { sleepers, servicePid, quick } = round
  const tmuxPid = Number(await sleepers.fleet.home.tmux('display-message', '-p', '#{pid}'))
  const before = [processorMs(servicePid), processorMs(tmuxPid)] as const
  const seconds = quick ? 6 : 30
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  return [
    {
      what: `processor time of the host service that nobody asks, ${agents(round)}`,
      unit: 'ms/s',
      value: (processorMs(servicePid) - before[0]) / seconds,
      baseline: { what: 'the tmux server meanwhile', value: (processorMs(tmuxPid) - before[1]) / seconds },
    },
  ]
}

/** What starting one agent costs, beside the two processes that it cannot do without: a tmux client and the launcher. */
async function growthFigures(round: Round, { ms, added, failed }: Growth): Promise<Figure[]> {
  const { env } = round.sleepers.fleet.home
  const sides = { node: () => timed(BARE_NODE, env), tmux: () => timed(['tmux', '-L', round.sleepers.fleet.home.tmuxSocket, 'ls'], env) }
  const { node, tmux } = await interleaved(sides, 10)
  return [
    {
      what: `fleet start, per agent, ${added} more`,
      unit: 'ms',
      value: ms / added,
      baseline: { what: 'node -e 0, and tmux ls', value: median(node) + median(tmux) },
    },
    {
      what: `agents that did not start at once, ${added} more`,
      unit: '',
      value: failed,
      baseline: { what: 'agents', value: added },
      goal: { of: 'value', atMost: 0 },
    },
  ]
}

async function run({ quick }: BenchOptions): Promise<Figure[]> {
  await using kept = keep(await Sleepers.make())
  const sleepers = kept.world
  const figures: Figure[] = []
  for (const size of quick ? [1, 50, NAIVE_AT] : [1, 50, NAIVE_AT, 200, 500]) {
    say(`fleet-ps: growing to ${size}`)
    const growth = await sleepers.growTo(size)
    const { pid: servicePid } = await (await sleepers.service()).status()
    const round: Round = { sleepers, servicePid, quick, rounds: quick ? 5 : 25 }
    figures.push(...(await growthFigures(round, growth)))
    figures.push(...(await childFigures(round)))
    figures.push(...(await wallFigures(round)))
    figures.push(...(await idleFigures(round)))
  }
  return figures
}

export const fleetPs: Bench = { name: 'fleet-ps', run }

if (import.meta.main) await main([fleetPs])
