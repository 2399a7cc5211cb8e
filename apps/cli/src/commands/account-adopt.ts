/** `mosaic account adopt` */

import type { AccountRuntime } from '@mosaic/domain/account'
import type { Command } from 'commander'
import { accountRuntimeOption } from '../account/account-options.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { defineVerb, type Input } from '../verb.ts'

interface Options {
  runtime?: AccountRuntime
  directory: string
}

async function run(context: Context, { args, options }: Input<Options>): Promise<number> {
  const [name = ''] = args
  const { adoptAccount } = await import('../account/new-account.ts')
  const answer = await adoptAccount(context, name, options.directory, options.runtime)
  context.answer(answer, `Adopted ${answer.directory} as ${name}, an account of ${answer.runtime}.\nNext: mosaic account check ${name}\n`)
  return EXIT.done
}

export const verb = defineVerb<Options>({
  declare: (command: Command) => {
    command
      .description(
        'Makes an account of a configuration home that a runtime has used already, where it stands: nothing in it is changed or copied. Your ' +
          'own home needs no account.',
      )
      .argument('<account>', 'its name')
      .requiredOption('--directory <dir>', 'the configuration home')
      .addOption(accountRuntimeOption('the runtime whose home it is; default: told from what is in it'))
  },
  examples: [{ command: 'mosaic account adopt work --directory ~/.claude-work', does: 'agents can use the login that is there' }],
  run,
})
