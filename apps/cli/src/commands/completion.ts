/** `mosaic completion` */

import { join } from 'node:path'
import { commandDirectory } from '@mosaic/host/programs'
import { Argument, type Command } from 'commander'
import { completionScript, SHELLS, type Shell } from '../completion/scripts.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { defineVerb, type Input } from '../verb.ts'

async function run(context: Context, { args }: Input<object>): Promise<number> {
  const shell = args[0] as Shell
  const script = completionScript(shell, join(commandDirectory, 'mosaic'))
  context.answer({ shell, script }, script, { verbatim: true })
  return EXIT.done
}

export const verb = defineVerb({
  declare: (command: Command) => {
    command
      .description('Prints the completion script of a shell: verbs, options, their choices, and the names of your agents.')
      .addArgument(new Argument('<shell>', 'your shell').choices(SHELLS))
  },
  examples: [
    { command: 'source <(mosaic completion bash)', does: 'completion in this bash; put the line in ~/.bashrc to keep it' },
    { command: 'mosaic completion fish > ~/.config/fish/completions/mosaic.fish', does: 'completion in every fish' },
  ],
  run,
})
