/** Forgetting an account. */

import { FleetError } from '@mosaic/domain/error'
import { accountNamed, changeAccount } from '@mosaic/host/accounts/accounts-file'
import type { Context } from '../context.ts'
import { agentsByAccount } from './account-record.ts'
import type { AccountChange } from './new-account.ts'

/** @throws FleetError `not_found`, or `refused` while the roster maps an agent to it */
export async function removeAccount(context: Context, name: string): Promise<AccountChange> {
  const { paths } = context
  const users = (await agentsByAccount(context)).get(name) ?? []
  let removed: Omit<AccountChange, 'name' | 'did' | 'file'> | undefined
  await changeAccount(paths, name, (accounts) => {
    removed = accountNamed(accounts, name)
    if (users.length === 0) return undefined
    throw new FleetError('refused', `the account ${name} is used by ${users.join(', ')}`, {
      reason: 'account',
      mend: `mosaic fleet edit ${users[0]} --unset account, or --account OTHER`,
    })
  })
  return { name, did: 'removed', runtime: removed?.runtime ?? '', directory: removed?.directory ?? '', file: paths.accountsFile }
}
