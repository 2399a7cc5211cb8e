/** `mosaic fleet start` */

import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { noAgents, reloaded, requireRoster } from '../fleet/open.ts'
import { outcomeStatus, outcomeText } from '../fleet/outcomes.ts'
import { defineVerb, type Input } from '../verb.ts'

async function run(context: Context, { args }: Input<object>): Promise<number> {
  requireRoster(context)
  const client = await reloaded(context)
  context.progress.say(args.length === 0 ? 'starting the fleet' : `starting ${args.join(', ')}`)
  context.goesOnInBackground('the host service goes on starting them: mosaic fleet ps')
  const agents = await client.start(args.length === 0 ? undefined : args)
  if (agents.length === 0) throw noAgents(context.paths.roster)
  context.answer({ agents }, outcomeText(context, agents))
  return outcomeStatus(agents)
}

export const verb = defineVerb({
  declare: (command: Command) => {
    command
      .description('Starts agents, and the host service when it does not run. An agent that runs stays as it is.')
      .argument('[names...]', 'only these agents; default all')
  },
  examples: [
    { command: 'mosaic fleet start', does: 'start whatever does not run' },
    { command: 'mosaic fleet start coder0 coder1', does: 'start two of them' },
  ],
  changes: true,
  run,
})
