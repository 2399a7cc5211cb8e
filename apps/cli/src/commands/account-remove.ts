/** `mosaic account remove` */

import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { defineVerb, type Input } from '../verb.ts'

async function run(context: Context, { args }: Input<object>): Promise<number> {
  const [name = ''] = args
  const { removeAccount } = await import('../account/remove-account.ts')
  const answer = await removeAccount(context, name)
  context.answer(answer, `Removed ${name}. Its home with its login is kept: ${answer.directory}\n`)
  return EXIT.done
}

export const verb = defineVerb({
  declare: (command: Command) => {
    command
      .description('Forgets an account that no agent uses. Its home stays as it is, login and conversations included.')
      .argument('<account>', 'its name')
  },
  examples: [{ command: 'mosaic account remove work', does: 'forget it; its directory stays' }],
  run,
})
