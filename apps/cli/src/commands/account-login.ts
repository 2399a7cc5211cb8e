/** `mosaic account login` */

import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { defineVerb, type Input } from '../verb.ts'

async function run(context: Context, { args }: Input<object>): Promise<number> {
  const [name = ''] = args
  const [{ accountNamed, readAccounts }, { logIn }] = await Promise.all([
    import('@mosaic/host/accounts/accounts-file'),
    import('../account/log-in.ts'),
  ])
  const answer = await logIn(context, name, accountNamed(readAccounts(context.paths), name))
  const words = { 'logged-in': 'is logged in', 'logged-out': 'is logged out still', unknown: 'may be logged in' }[answer.login]
  context.answer(answer, `${name} ${words}: ${answer.detail}\n`)
  return answer.login === 'logged-out' ? EXIT.notDone : EXIT.done
}

export const verb = defineVerb({
  declare: (command: Command) => {
    command
      .description("Runs the runtime's own login in this terminal, in the home of the account. Your own login is not touched.")
      .argument('<account>', 'its name')
  },
  examples: [{ command: 'mosaic account login work', does: 'log in; agents of the account go on by themselves' }],
  run,
})
