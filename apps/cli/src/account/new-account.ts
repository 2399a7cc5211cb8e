/** A new account: a directory of its own, and its line in the file of the accounts. */

import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ACCOUNT_RUNTIMES, type Account, type AccountRuntime } from '@mosaic/domain/account'
import { assertName } from '@mosaic/domain/address'
import { expandHome } from '@mosaic/domain/agent'
import { FleetError } from '@mosaic/domain/error'
import { isOperatorsOwn, runtimesOf } from '@mosaic/host/accounts/account-check'
import { changeAccount } from '@mosaic/host/accounts/accounts-file'
import { fileError } from '@mosaic/host/files/file-error'
import { machineDefaults } from '@mosaic/host/paths'
import type { Context } from '../context.ts'

export interface AccountChange {
  name: string
  did: 'added' | 'adopted' | 'removed'
  runtime: string
  directory: string
  /** The file of the accounts. */
  file: string
}

const refused = (message: string, mend: string, where?: string): FleetError =>
  new FleetError('refused', message, { mend, reason: 'account', ...(where === undefined ? {} : { where }) })

/** A relative directory is meant from here. */
const absolute = (context: Context, directory: string): string =>
  resolve(expandHome(directory, machineDefaults(context.world.env).homeDirectory))

function assertNotOwn(context: Context, runtime: AccountRuntime, directory: string): void {
  if (!isOperatorsOwn(runtime, directory, context.world.env)) return
  throw refused(
    `${directory} is your own home of ${runtime}, which agents without an account use`,
    'give no account, or another directory',
    directory,
  )
}

async function record(context: Context, name: string, account: Account, did: 'added' | 'adopted'): Promise<AccountChange> {
  const { paths } = context
  await changeAccount(paths, name, (accounts) => {
    if (!Object.hasOwn(accounts, name)) return account
    throw refused(`there is an account ${name} already`, 'choose another name, or: mosaic account list', paths.accountsFile)
  })
  return { name, did, ...account, file: paths.accountsFile }
}

/** Makes the directory where there is none. @throws FleetError `refused` for a directory with something in it */
function makeHome(directory: string, name: string): void {
  try {
    const stat = statSync(directory, { throwIfNoEntry: false })
    if (stat === undefined) mkdirSync(directory, { recursive: true, mode: 0o700 })
    else if (readdirSync(directory).length > 0) {
      throw refused(`${directory} is not empty`, `mosaic account adopt ${name} --directory ${directory}`, directory)
    }
  } catch (error) {
    throw fileError(error) ?? error
  }
}

export async function addAccount(context: Context, name: string, runtime: AccountRuntime, directory?: string): Promise<AccountChange> {
  const home = directory === undefined ? join(context.paths.accounts, assertName(name)) : absolute(context, directory)
  assertName(name)
  assertNotOwn(context, runtime, home)
  const change = await record(context, name, { runtime, directory: home }, 'added')
  try {
    makeHome(home, name)
  } catch (error) {
    await changeAccount(context.paths, name, () => undefined)
    throw error
  }
  return change
}

/** Takes a home that a runtime has used already. Nothing in it is changed or copied. */
export async function adoptAccount(context: Context, name: string, directory: string, given?: AccountRuntime): Promise<AccountChange> {
  assertName(name)
  const home = absolute(context, directory)
  if (statSync(home, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new FleetError('not_found', `no such directory: ${home}`, {
      mend: `mosaic account add ${name} --runtime RUNTIME makes a new one`,
    })
  }
  const [found, other] = runtimesOf(home)
  const runtime = given ?? (other === undefined ? found : undefined)
  if (runtime === undefined) {
    throw refused(`it cannot be told whose home ${home} is`, `say it: --runtime ${ACCOUNT_RUNTIMES.join('|')}`, home)
  }
  assertNotOwn(context, runtime, home)
  return record(context, name, { runtime, directory: home }, 'adopted')
}
