/** `mosaic fleet remove` */

import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { defineVerb, type Input } from '../verb.ts'

async function run(context: Context, { args }: Input<object>): Promise<number> {
  const [name = ''] = args
  const [{ removeAgent }, { answerChange }] = await Promise.all([
    import('../definition/remove-agent.ts'),
    import('../definition/change-text.ts'),
  ])
  return answerChange(context, await removeAgent(context, name), '')
}

export const verb = defineVerb({
  declare: (command: Command) => {
    command
      .description(
        'Stops an agent and takes it out of the roster. The orchestrator and the last enhancer are refused: a fleet is never less than these two. ' +
          'What the agent kept (its conversation) stays on disk. The worktree that was made for it goes, and its branch, each unless it holds ' +
          'work that is nowhere else: then it is kept, and that is said.',
      )
      .argument('<name>', 'the agent')
  },
  examples: [{ command: 'mosaic fleet remove coder1', does: 'end coder1 for good' }],
  changes: true,
  run,
})
