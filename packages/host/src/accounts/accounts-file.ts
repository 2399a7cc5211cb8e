/** The file that names a tenant's accounts: read with every fault placed, changed whole and under a lock. */

import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Account, type Accounts, type AccountsDocument, AccountsSchema } from '@mosaic/domain/account'
import { FleetError } from '@mosaic/domain/error'
import { checkDocument } from '@mosaic/domain/roster-check'
import { isMap, parseDocument } from 'yaml'
import { atomicWrite } from '../files/atomic-write.ts'
import { FileLock } from '../files/lock.ts'
import { readBounded } from '../files/read-bounded.ts'
import type { MosaicPaths } from '../paths.ts'
import { readMapping } from '../roster-file/mapping-text.ts'
import { placeIssue } from '../roster-file/read-roster.ts'
import { type OffsetFault, placeFaults, rosterError } from '../roster-file/roster-fault.ts'

const MAX_BYTES = 256 * 1024
const LOCK_WITHIN_MS = 30_000
const EMPTY = 'version: 1\naccounts: {}\n'

function parse(text: string): { ok: true; value: AccountsDocument } | { ok: false; faults: OffsetFault[] } {
  const reading = readMapping(text)
  if (!reading.ok) return reading
  const { tree, value } = reading
  const check = checkDocument(AccountsSchema, value)
  return check.ok ? check : { ok: false, faults: check.issues.map((issue) => placeIssue(tree, issue)) }
}

function textOf({ accountsFile }: MosaicPaths): string | undefined {
  const read = readBounded(accountsFile, MAX_BYTES)
  if ('text' in read) return read.text
  if (read.problem === 'absent') return undefined
  throw new FleetError('invalid', `the accounts cannot be read: ${accountsFile} is ${read.problem.replaceAll('-', ' ')}`, {
    where: accountsFile,
    reason: 'accounts',
    mend: `make it a regular file of at most ${MAX_BYTES / 1024} KiB that you can read`,
  })
}

function accountsIn(text: string, file: string): Accounts {
  const parsed = parse(text)
  if (!parsed.ok) throw rosterError(placeFaults(text, file, parsed.faults), 'accounts')
  return parsed.value.accounts
}

/** The accounts of a tenant, none without a file. @throws FleetError `invalid` with every fault of the file */
export function readAccounts(paths: MosaicPaths): Accounts {
  const text = textOf(paths)
  return text === undefined ? {} : accountsIn(text, paths.accountsFile)
}

/** @throws FleetError `not_found` */
export function accountNamed(accounts: Accounts, name: string): Account {
  const account = Object.hasOwn(accounts, name) ? accounts[name] : undefined
  if (account !== undefined) return account
  throw new FleetError('not_found', `no account ${JSON.stringify(name)}`, { mend: 'mosaic account list', reason: 'no_account' })
}

/**
 * Changes one account; comments and order of the others stay.
 * @param change gives the account as it shall be, `undefined` to remove it; what it throws ends the change
 * @throws FleetError `invalid` when the file or the result is faulty
 */
export async function changeAccount(paths: MosaicPaths, name: string, change: (accounts: Accounts) => Account | undefined): Promise<void> {
  const { accountsFile, rosterLock } = paths
  mkdirSync(dirname(accountsFile), { recursive: true, mode: 0o700 })
  using _lock = await FileLock.acquire(rosterLock, LOCK_WITHIN_MS, 'the accounts')
  const text = textOf(paths) ?? EMPTY
  const account = change(accountsIn(text, accountsFile))
  const document = parseDocument(text)
  if (account === undefined) document.deleteIn(['accounts', name])
  else document.setIn(['accounts', name], document.createNode(account))
  const accounts = document.get('accounts')
  // One account per line group, also where there was none before.
  if (isMap(accounts)) accounts.flow = accounts.items.length === 0
  const changed = document.toString({ lineWidth: 0 })
  accountsIn(changed, accountsFile)
  atomicWrite(accountsFile, changed)
}
