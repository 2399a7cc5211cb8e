/** `mosaic account list` */

import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { defineVerb } from '../verb.ts'

async function run(context: Context): Promise<number> {
  const [{ readAccounts }, { accountRecords }, { accountLines }] = await Promise.all([
    import('@mosaic/host/accounts/accounts-file'),
    import('../account/account-record.ts'),
    import('../account/account-table.ts'),
  ])
  const accounts = await accountRecords(context, readAccounts(context.paths), false)
  if (accounts.length === 0) context.note("No accounts: every agent uses its runtime's own home. See: mosaic account add --help")
  context.answer({ file: context.paths.accountsFile, accounts }, `${accountLines(context, accounts).join('\n')}\n`)
  return EXIT.done
}

export const verb = defineVerb({
  declare: (command: Command) => {
    command.description(
      'Lists the accounts, whether their files tell of a login, and which agents use them. Agents without an account use the home that ' +
        'their runtime has by itself: your own.',
    )
  },
  examples: [{ command: 'mosaic account list', does: 'who works on which login' }],
  run,
})
