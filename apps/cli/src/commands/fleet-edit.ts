/** `mosaic fleet edit` */

import type { Command } from 'commander'
import type { Context } from '../context.ts'
import type { EditOptions } from '../definition/edit-agent.ts'
import { declareEntryOptions } from '../definition/entry-options.ts'
import { defineVerb, type Input } from '../verb.ts'

async function run(context: Context, { args, options }: Input<EditOptions>): Promise<number> {
  const [name = '', ...rest] = args
  const [{ changesOf, editAgent }, { answerChange }] = await Promise.all([
    import('../definition/edit-agent.ts'),
    import('../definition/change-text.ts'),
  ])
  const answer = await editAgent(context, name, changesOf(options, rest), options.restart !== false)
  return answerChange(context, answer, '')
}

export function declareEdit(command: Command): void {
  command
    .description(
      'Changes an agent in the roster, keeping its comments and order. When it runs and the change concerns what runs, just that agent is ' +
        'restarted; a runtime that can resume its conversation does.',
    )
    .argument('<name>', 'the agent')
    .argument('[arguments...]', 'behind --: arguments of --command')
  declareEntryOptions(command)
  command
    .option('--no-yolo', 'end the skip-permissions mode')
    .option(
      '--unset <key...>',
      'take keys out, so that the defaults hold: class, runtime, model, effort, cwd, alias, yolo, command, lifecycle, idle-timeout, account',
    )
    .option('--no-restart', 'leave what runs as it is; the difference is shown as DRIFT')
}

export const verb = defineVerb<EditOptions>({
  declare: declareEdit,
  examples: [
    { command: 'mosaic fleet edit coder0 --model opus --effort high', does: 'another model; coder0 is restarted, the others are not' },
    { command: 'mosaic fleet edit coder0 --unset model effort', does: 'back to the defaults of the roster' },
  ],
  changes: true,
  run,
})
