/**
 * How long the command takes that does next to nothing, beside a Node that does nothing.
 *
 *   node bench/cli-start.ts [--json] [--quick]
 */

import { join } from 'node:path'
import { tempHome } from '@mosaic/testkit/temp-home'
import { type Bench, type BenchOptions, keep, main } from './bench.ts'
import { BARE_NODE, MOSAIC, timed } from './commands.ts'
import type { Figure } from './figures.ts'
import { interleaved, median } from './measure.ts'

const GOAL = { of: 'ratio', atMost: 1.7 } as const
const CHECKOUT_COMMAND = join(import.meta.dirname, '..', 'mosaic')

async function run({ quick }: BenchOptions): Promise<Figure[]> {
  await using home = keep(await tempHome())
  const { env } = home.world
  const command = (argv: readonly string[]) => () => timed(argv, env)
  // The first run of a checkout may have to prepare it.
  await timed([CHECKOUT_COMMAND, '--version'], env)
  const sides = {
    bare: command(BARE_NODE),
    'mosaic --version': command([...MOSAIC, '--version']),
    'mosaic --help': command([...MOSAIC, '--help']),
    'mosaic fleet ps --help': command([...MOSAIC, 'fleet', 'ps', '--help']),
    './mosaic --version, from a checkout': command([CHECKOUT_COMMAND, '--version']),
  }
  const { bare, ...others } = await interleaved(sides, quick ? 8 : 60)
  return Object.entries(others).map(([what, samples]) => ({
    what,
    unit: 'ms',
    value: median(samples),
    baseline: { what: 'node -e 0', value: median(bare) },
    goal: GOAL,
  }))
}

export const cliStart: Bench = { name: 'cli-start', run }

if (import.meta.main) await main([cliStart])
