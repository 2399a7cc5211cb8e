/** `mosaic agent status` */

import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { agentLines } from '../fleet/agent-lines.ts'
import { FIRST_AGENT, onlyNamed, snapshotOf } from '../fleet/open.ts'
import { defineVerb, type Input } from '../verb.ts'

async function run(context: Context, { args }: Input<object>): Promise<number> {
  const snapshot = onlyNamed(await snapshotOf(context), args)
  const { tenant_id, host, as_of, observer, agents } = snapshot
  if (agents.length === 0) context.note(`The roster names no agents: ${FIRST_AGENT}`)
  const blocks = agents.map((agent) => agentLines(agent, context.style).join('\n'))
  context.answer({ tenant_id, host, as_of, observer, agents }, `${blocks.join('\n\n')}\n`)
  return EXIT.done
}

export const verb = defineVerb({
  declare: (command: Command) => {
    command
      .description('Shows the state of agents in full: health with its reason, activity, supervisor, pane, model, usage, flags.')
      .argument('[names...]', 'only these agents; default all')
  },
  examples: [
    { command: 'mosaic agent status coder0', does: 'everything that is known of coder0' },
    { command: "mosaic agent status coder0 --json | jq -r '.agents[0].health'", does: 'one fact, for a script' },
  ],
  run,
})
