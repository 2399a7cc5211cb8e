/** `mosaic fleet restart` */

import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { noAgents, reloaded, requireRoster } from '../fleet/open.ts'
import { outcomeStatus, outcomeText } from '../fleet/outcomes.ts'
import { defineVerb, type Input } from '../verb.ts'

async function run(context: Context, { args }: Input<object>): Promise<number> {
  requireRoster(context)
  const client = await reloaded(context)
  context.progress.say(args.length === 0 ? 'restarting the fleet' : `restarting ${args.join(', ')}`)
  context.goesOnInBackground('the host service goes on restarting them: mosaic fleet ps')
  const agents = await client.restart(args.length === 0 ? undefined : args)
  if (agents.length === 0) throw noAgents(context.paths.roster)
  context.answer({ agents }, outcomeText(context, agents))
  return outcomeStatus(agents)
}

export const verb = defineVerb({
  declare: (command: Command) => {
    command
      .description(
        'Stops agents and starts them again, as the roster now defines them. A runtime that can resume its conversation does; ' +
          'the host service itself goes on.',
      )
      .argument('[names...]', 'only these agents; default all')
  },
  examples: [
    { command: 'mosaic fleet restart coder0', does: 'restart one agent; the others are untouched' },
    { command: 'mosaic fleet restart', does: 'restart all of them' },
  ],
  changes: true,
  run,
})
