/** `mosaic agent new` */

import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { declareEntryOptions, type EntryOptions, entryOf } from '../definition/entry-options.ts'
import { defineVerb, type Input } from '../verb.ts'

async function run(context: Context, { args, options }: Input<EntryOptions>): Promise<number> {
  const [name = '', ...rest] = args
  const entry = { name, ...entryOf(options, rest) }
  const [{ addAgent }, { answerChange }] = await Promise.all([import('../definition/add-agent.ts'), import('../definition/change-text.ts')])
  return answerChange(context, await addAgent(context, entry, 'always'), '')
}

export const verb = defineVerb<EntryOptions>({
  declare: (command: Command) => {
    command
      .description(
        'Defines an agent and starts it, in one step; the host service too when it does not run. "fleet add" only defines it then.',
      )
      .argument('<name>', 'its name and address, by role: coder1')
      .argument('[arguments...]', 'behind --: arguments of --command')
    declareEntryOptions(command)
  },
  examples: [
    { command: 'mosaic agent new coder1', does: 'a coder, defined and running' },
    { command: 'mosaic agent new researcher0 --runtime pi --model sonnet', does: 'one on a runtime and model of its own' },
  ],
  changes: true,
  run,
})
