/** `mosaic fleet ps` */

import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { onlyNamed, snapshotOf } from '../fleet/open.ts'
import { psLines } from '../fleet/ps-table.ts'
import { numberOption } from '../options.ts'
import { defineVerb, type Input } from '../verb.ts'

interface Options {
  watch?: boolean
  interval?: string
  wide?: boolean
}

/** How often a watched table is repainted when nothing happens, seconds. */
const DEFAULT_INTERVAL_S = 1

async function run(context: Context, { args, options }: Input<Options>): Promise<number> {
  const intervalMs = numberOption('--interval', options.interval ?? String(DEFAULT_INTERVAL_S), { min: 0.1, max: 3600 }) * 1000
  const wide = options.wide === true
  if (options.watch === true) {
    const { watchFleet } = await import('../fleet/watch-screen.ts')
    return watchFleet(context, { names: args, intervalMs, wide })
  }
  const snapshot = onlyNamed(await snapshotOf(context), args)
  const { style, width } = context
  context.answer(snapshot, `${psLines(snapshot, { style, width, wide, complete: context.complete }).join('\n')}\n`)
  return EXIT.done
}

export const verb = defineVerb<Options>({
  declare: (command: Command) => {
    command
      .description(
        'Shows the fleet as one table, joined from supervisor, tmux, processes, heartbeats and mailbox. ' +
          'Health is the answer of the runtime: a living process alone is not healthy.',
      )
      .argument('[names...]', 'only these agents')
      .option('-w, --watch', 'keep showing it; q or Ctrl-C ends')
      .option('--interval <seconds>', 'with --watch: how often to look when nothing happens', String(DEFAULT_INTERVAL_S))
      .option('--wide', 'every column, however wide it gets')
  },
  examples: [
    { command: 'mosaic fleet ps', does: 'the fleet as a table' },
    { command: 'mosaic fleet ps --watch', does: 'the same, live' },
    {
      command: 'mosaic fleet ps --json | jq -r \'.agents[] | select(.health != "healthy") | .name\'',
      does: 'the agents that are not healthy',
    },
  ],
  run,
})
