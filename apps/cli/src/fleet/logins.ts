/** The logins that the agents of a roster would find logged out. */

import type { Account, Accounts } from '@mosaic/domain/account'
import type { AgentDefinition } from '@mosaic/domain/agent'
import { loginMend } from '@mosaic/domain/login'
import { accountState } from '@mosaic/host/accounts/account-check'
import { readAccounts } from '@mosaic/host/accounts/accounts-file'
import type { Context } from '../context.ts'
import { readDefinition } from './open.ts'
import { loginProblem } from './runtimes-found.ts'

export interface LoggedOut {
  names: string[]
  words: string
  mend: string
}

function ofAccount(context: Context, name: string, account: Account | undefined): Omit<LoggedOut, 'names'> | undefined {
  // One that there is not is refused with the roster.
  if (account === undefined) return undefined
  const { state, detail } = accountState(account, context.world.env)
  return state === 'logged-out' ? { words: `account ${name} is logged out: ${detail}`, mend: loginMend(account.runtime, name) } : undefined
}

function ofOwn(context: Context, runtime: string): Omit<LoggedOut, 'names'> | undefined {
  const found = loginProblem(context, runtime)
  return found === undefined ? undefined : { words: `${runtime}: ${found.problem}`, mend: found.mend }
}

const loginOf = (context: Context, accounts: Accounts, { account, runtime }: AgentDefinition) =>
  account === undefined ? ofOwn(context, runtime) : ofAccount(context, account, accounts[account])

/** One entry per login. */
export async function loggedOut(context: Context): Promise<LoggedOut[]> {
  const { agents } = await readDefinition(context)
  const here = agents.filter(({ local, command }) => local && command === undefined)
  const accounts = here.some(({ account }) => account !== undefined) ? readAccounts(context.paths) : {}
  const byMend = new Map<string, LoggedOut>()
  for (const agent of here) {
    const found = loginOf(context, accounts, agent)
    if (found === undefined) continue
    const known = byMend.get(found.mend)
    byMend.set(found.mend, { ...found, names: [...(known?.names ?? []), agent.name] })
  }
  return [...byMend.values()]
}
