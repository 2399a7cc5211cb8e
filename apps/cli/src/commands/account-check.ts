/** `mosaic account check` */

import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { defineVerb, type Input } from '../verb.ts'

async function run(context: Context, { args }: Input<object>): Promise<number> {
  const [name] = args
  const [{ accountNamed, readAccounts }, { accountRecords }] = await Promise.all([
    import('@mosaic/host/accounts/accounts-file'),
    import('../account/account-record.ts'),
  ])
  const all = readAccounts(context.paths)
  context.progress.say('looking at the accounts')
  const accounts = await accountRecords(context, name === undefined ? all : { [name]: accountNamed(all, name) }, true)
  const { style } = context
  const paint = { 'logged-in': style.green, 'logged-out': style.red, unknown: style.yellow }
  const lines = accounts.flatMap(({ login, detail, mend, ...account }) => [
    `${account.name}: ${paint[login](login)}, ${detail}`,
    ...(mend === null ? [] : [`  mend:  ${mend}`]),
  ])
  context.answer({ file: context.paths.accountsFile, accounts }, lines.length === 0 ? 'No accounts.\n' : `${lines.join('\n')}\n`)
  return accounts.some(({ login }) => login === 'logged-out') ? EXIT.notDone : EXIT.done
}

export const verb = defineVerb({
  declare: (command: Command) => {
    command
      .description(
        'Says of accounts whether they are logged in, by their files and where those do not tell by the word of the runtime. Spends no tokens. ' +
          'Exits 1 when one is logged out.',
      )
      .argument('[account]', 'only this one; default all')
  },
  examples: [{ command: 'mosaic account check', does: 'which logins are there' }],
  run,
})
