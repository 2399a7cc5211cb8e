/** The program around a bench: flags in, a table or one JSON document out, and nothing left behind when it is interrupted. */

import { availableParallelism, loadavg } from 'node:os'
import { buildAll } from '../scripts/build.ts'
import { type Figure, recordsOf, tableOf } from './figures.ts'

export interface BenchOptions {
  /** Fewer rounds and smaller fleets: whether it works, not what it measures. */
  quick: boolean
}

export interface Bench {
  name: string
  run(options: BenchOptions): Promise<Figure[]>
}

/** Worlds in use: their processes and files go also when the bench is interrupted. */
const worlds = new Set<AsyncDisposable>()

/** Disposes `world` at the end of the block, or when the bench is interrupted before that. */
export function keep<World extends AsyncDisposable>(world: World): { world: World } & AsyncDisposable {
  worlds.add(world)
  return {
    world,
    async [Symbol.asyncDispose]() {
      if (worlds.delete(world)) await world[Symbol.asyncDispose]()
    },
  }
}

async function leave(status: number): Promise<never> {
  await Promise.allSettled([...worlds].reverse().map((world) => world[Symbol.asyncDispose]()))
  process.exit(status)
}

/** What goes on, for a person who waits. */
export const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

const load = (): string =>
  loadavg()
    .map((value) => value.toFixed(1))
    .join(' ')

interface Ran {
  bench: string
  loadBefore: string
  loadAfter: string
  figures: Figure[]
  failed?: string
}

async function runOne({ name, run }: Bench, options: BenchOptions): Promise<Ran> {
  const loadBefore = load()
  try {
    const figures = await run(options)
    return { bench: name, loadBefore, loadAfter: load(), figures }
  } catch (error) {
    return { bench: name, loadBefore, loadAfter: load(), figures: [], failed: (error as Error).stack ?? String(error) }
  }
}

function textOf({ bench, loadBefore, loadAfter, figures, failed }: Ran): string {
  const head = `${bench} · ${availableParallelism()} processors, load ${loadBefore} before, ${loadAfter} after`
  return `${head}\n\n${failed === undefined ? tableOf(figures) : `FAILED: ${failed}`}\n`
}

const USAGE = 'flags: --json (one document instead of tables), --quick (fewer rounds: whether it works, not what it measures)'

/** Runs the benches one after the other on what is built from the sources as they are now. Ends the process. */
export async function main(benches: readonly Bench[]): Promise<never> {
  const flags = process.argv.slice(2)
  if (flags.some((flag) => flag !== '--json' && flag !== '--quick')) {
    say(USAGE)
    return leave(2)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void leave(1))
  const json = flags.includes('--json')
  await buildAll({ root: `${import.meta.dirname}/..`, warn: say })
  const ran: Ran[] = []
  for (const bench of benches) {
    const one = await runOne(bench, { quick: flags.includes('--quick') })
    ran.push(one)
    if (!json) process.stdout.write(`${ran.length === 1 ? '' : '\n'}${textOf(one)}`)
  }
  if (json) {
    const document = {
      node: process.version,
      processors: availableParallelism(),
      quick: flags.includes('--quick'),
      benches: ran.map((one) => ({ ...one, figures: recordsOf(one.figures) })),
    }
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
  }
  return leave(ran.some(({ failed }) => failed !== undefined) ? 1 : 0)
}
