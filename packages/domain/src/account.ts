/** Accounts: an account is one login of one provider, kept in a configuration home of its own. This schema is the only definition. */

import { z } from 'zod'
import { NAME_PATTERN, nameProblem } from './address.ts'
import { closest } from './closest.ts'
import type { Roster, RosterIssue } from './roster.ts'

/** Runtimes that can be told which configuration home is theirs. */
export const ACCOUNT_RUNTIMES = ['claude', 'codex', 'opencode', 'pi'] as const
export type AccountRuntime = (typeof ACCOUNT_RUNTIMES)[number]

const accountName = z
  .string()
  .superRefine((value, context) => {
    const problem = nameProblem(value)
    if (problem !== undefined) context.addIssue({ code: 'custom', message: `another name: ${problem}` })
  })
  .meta({ pattern: NAME_PATTERN.source })

const AccountSchema = z.strictObject({
  runtime: z.enum(ACCOUNT_RUNTIMES).describe('The runtime whose login it is.'),
  directory: z
    .string()
    .max(4096, 'at most 4096 characters')
    .regex(/^(\/|~\/)[^\u0000-\u001f\u007f-\u009f]*$/, 'an absolute path, or one starting with "~/", on a single line')
    .describe('The runtime\'s configuration home, absolute, or starting with "~/". Never the operator\'s own.'),
})

const withoutSlash = (path: string): string => path.replace(/\/+$/, '')

export const AccountsSchema = z
  .strictObject({
    version: z.literal(1).describe('The version of this format.'),
    accounts: z.record(accountName, AccountSchema).describe('The accounts by their names.'),
  })
  .superRefine(({ accounts }, context) => {
    const ownerOf = new Map<string, string>()
    for (const [name, { runtime, directory }] of Object.entries(accounts)) {
      const place = `${runtime} ${withoutSlash(directory)}`
      const owner = ownerOf.get(place)
      if (owner === undefined) ownerOf.set(place, name)
      else
        context.addIssue({
          code: 'custom',
          path: ['accounts', name, 'directory'],
          message: `a directory of its own; ${owner} has this one already`,
        })
    }
  })
  .describe('Accounts of a fleet on one host.')

export type AccountsDocument = z.infer<typeof AccountsSchema>
export type Account = z.infer<typeof AccountSchema>
export type Accounts = Readonly<Record<string, Account>>

const addition = (name: string, runtime: string): string =>
  (ACCOUNT_RUNTIMES as readonly string[]).includes(runtime) ? `mosaic account add ${name} --runtime ${runtime}` : 'remove this key'

/** Where a roster maps agents to accounts that there are not, or that are another runtime's. */
export function accountIssues(roster: Roster, accounts: Accounts): RosterIssue[] {
  return roster.agents.flatMap(({ account, runtime = roster.defaults?.runtime ?? 'stub' }, index): RosterIssue[] => {
    if (account === undefined) return []
    const known = Object.hasOwn(accounts, account) ? accounts[account] : undefined
    if (known?.runtime === runtime) return []
    const issue = { path: ['agents', index, 'account'], expected: `an account of ${runtime}` }
    if (known !== undefined) return [{ ...issue, found: `"${account}", which is one of ${known.runtime}` }]
    const fitting = Object.keys(accounts).filter((name) => accounts[name]?.runtime === runtime)
    const near = closest(account, fitting)
    return [{ ...issue, found: `"${account}"`, mend: near === undefined ? addition(account, runtime) : `did you mean ${near}?` }]
  })
}
