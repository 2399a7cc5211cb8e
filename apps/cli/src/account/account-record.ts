/** Accounts in the form that leaves the process. */

import type { Account, Accounts } from '@mosaic/domain/account'
import { FleetError } from '@mosaic/domain/error'
import type { LoginState } from '@mosaic/host/accounts/login-state'
import type { Context } from '../context.ts'
import { readRoster, rosterStands } from '../fleet/open.ts'

export interface AccountRecord {
  name: string
  runtime: string
  directory: string
  login: LoginState['state']
  /** By what that is known. */
  detail: string
  /** Agents that the roster maps to it. */
  agents: string[]
  /** What logs it in, when it is logged out. */
  mend: string | null
}

/** Agents of the roster on disk, by account; none when there is no good roster. */
export async function agentsByAccount(context: Context): Promise<ReadonlyMap<string, string[]>> {
  const byAccount = new Map<string, string[]>()
  try {
    if (!rosterStands(context.paths.roster)) return byAccount
    const { agents } = await readRoster(context)
    for (const { name, account } of agents) {
      if (account !== undefined) byAccount.set(account, [...(byAccount.get(account) ?? []), name])
    }
  } catch (error) {
    if (!(error instanceof FleetError)) throw error
    context.note(`The roster cannot be read, so it is not known who uses an account: mosaic fleet doctor`)
  }
  return byAccount
}

/** Where the runtime is, if it is there. */
async function programOf(context: Context, { runtime }: Account): Promise<readonly string[] | undefined> {
  const { locateRuntime } = await import('../fleet/runtimes-found.ts')
  try {
    return (await locateRuntime(context, runtime)).argv
  } catch (error) {
    if (error instanceof FleetError) return undefined
    throw error
  }
}

/** @param asks whether the runtimes are asked where files do not tell */
export async function accountRecords(context: Context, accounts: Accounts, asks: boolean): Promise<AccountRecord[]> {
  const [{ accountState, checkedState }, { directoryOf }, { machineDefaults }] = await Promise.all([
    import('@mosaic/host/accounts/account-check'),
    import('@mosaic/host/accounts/account-home'),
    import('@mosaic/host/paths'),
  ])
  const { env } = context.world
  const used = await agentsByAccount(context)
  const records: AccountRecord[] = []
  for (const [name, account] of Object.entries(accounts)) {
    const { state, detail } = asks ? await checkedState(account, env, await programOf(context, account)) : accountState(account, env)
    records.push({
      name,
      runtime: account.runtime,
      directory: directoryOf(account, machineDefaults(env).homeDirectory),
      login: state,
      detail,
      agents: used.get(name) ?? [],
      mend: state === 'logged-out' ? `mosaic account login ${name}` : null,
    })
  }
  return records
}
