/** `mosaic fleet add` */

import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { declareEntryOptions, type EntryOptions, entryOf } from '../definition/entry-options.ts'
import { defineVerb, type Input } from '../verb.ts'

interface Options extends EntryOptions {
  start?: boolean
}

async function run(context: Context, { args, options }: Input<Options>): Promise<number> {
  const [name = '', ...rest] = args
  const entry = { name, ...entryOf(options, rest) }
  const [{ addAgent }, { answerChange }] = await Promise.all([import('../definition/add-agent.ts'), import('../definition/change-text.ts')])
  const answer = await addAgent(context, entry, options.start === false ? 'never' : 'if-running')
  return answerChange(context, answer, `start it: mosaic fleet start ${name}`)
}

export const verb = defineVerb<Options>({
  declare: (command: Command) => {
    command
      .description(
        'Adds an agent to the roster, keeping its comments and order, and starts it when the fleet runs. The entry is checked as a whole ' +
          'before anything is written.',
      )
      .argument('<name>', 'its name and address, by role: coder1')
      .argument('[arguments...]', 'behind --: arguments of --command')
    declareEntryOptions(command)
    command.option('--no-start', 'only define it')
  },
  examples: [
    { command: 'mosaic fleet add coder1', does: 'another coder on the runtime of the fleet' },
    {
      command: 'mosaic fleet add researcher0 --runtime pi --model sonnet --cwd ~/notes',
      does: 'an agent on a runtime and model of its own',
    },
    {
      command: 'mosaic fleet add coder2 --runtime stub --command node -- ./my-agent.mjs --fast',
      does: 'a program of your own in the pane',
    },
  ],
  changes: true,
  run,
})
