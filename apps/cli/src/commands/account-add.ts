/** `mosaic account add` */

import type { AccountRuntime } from '@mosaic/domain/account'
import type { Command } from 'commander'
import { accountRuntimeOption } from '../account/account-options.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { defineVerb, type Input } from '../verb.ts'

interface Options {
  runtime: AccountRuntime
  directory?: string
}

async function run(context: Context, { args, options }: Input<Options>): Promise<number> {
  const [name = ''] = args
  const { addAccount } = await import('../account/new-account.ts')
  const answer = await addAccount(context, name, options.runtime, options.directory)
  context.answer(answer, `Added ${name}: a home for ${answer.runtime} at ${answer.directory}\nNext: mosaic account login ${name}\n`)
  return EXIT.done
}

export const verb = defineVerb<Options>({
  declare: (command: Command) => {
    command
      .description(
        'Adds an account: an empty configuration home of a runtime, which you log in to next. Agents are mapped to it by the key account of the ' +
          'roster. No login and no setting is copied into it.',
      )
      .argument('<account>', 'its name')
      .addOption(accountRuntimeOption('the runtime whose login it is').makeOptionMandatory())
      .option('--directory <dir>', 'its home, empty or new; default accounts/NAME in the home of the fleet')
  },
  examples: [
    { command: 'mosaic account add work --runtime claude', does: 'a second login of Claude Code, beside your own' },
    { command: 'mosaic fleet edit coder0 --account work', does: 'lets an agent use it' },
  ],
  run,
})
