/** The runtimes that the roster uses, and their logins. */

import { ACCOUNT_RUNTIMES, type AccountRuntime } from '@mosaic/domain/account'
import { FleetError } from '@mosaic/domain/error'
import { loginMend } from '@mosaic/domain/login'
import { accountState } from '@mosaic/host/accounts/account-check'
import { readAccounts } from '@mosaic/host/accounts/accounts-file'
import { loginState } from '@mosaic/host/accounts/login-state'
import { claudeReadsCap } from '@mosaic/host/runtimes/claude/claude-program'
import type { Context } from '../context.ts'
import { findRuntimes, locateRuntime } from '../fleet/runtimes-found.ts'
import { type Check, type Finding, fail, note, ok, warn } from './check.ts'
import { definition } from './fleet.ts'

const UNCAPPED =
  'this version of Claude Code does not know it: an agent works with as much context as its model takes, and costs accordingly'

/** Whether the installed Claude Code still knows the names by which its context is capped; where no agent uses it, that is not asked. */
export const checkContextCap: Check = async ({ context }) => {
  const fleet = await definition(context)
  if (fleet?.agents.some(({ local, runtime, command }) => local && runtime === 'claude' && command === undefined) !== true) return []
  try {
    const { argv } = await locateRuntime(context, 'claude')
    if (claudeReadsCap(argv.at(-1) ?? '')) return [ok('context cap', 'Claude Code knows it')]
    return [warn('context cap', UNCAPPED, 'use a version that this one was made for, or watch CONTEXT in: mosaic fleet ps --wide')]
  } catch (error) {
    return error instanceof FleetError ? [] : [note('context cap', `it cannot be told: ${(error as Error).message}`)]
  }
}

const isLoginRuntime = (id: string): id is AccountRuntime => (ACCOUNT_RUNTIMES as readonly string[]).includes(id)

/** The operator's own login, for agents without an account. */
function ownLogin(context: Context, id: string): Finding[] {
  if (!isLoginRuntime(id)) return []
  const { state, detail } = loginState(id, context.world.env)
  const check = `login ${id}`
  if (state === 'logged-out') return [fail(check, `your own is logged out: ${detail}`, loginMend(id, null))]
  return [state === 'logged-in' ? ok(check, `your own, ${detail}`) : note(check, `your own: ${detail}`)]
}

export const checkRuntimes: Check = async ({ context }) => {
  const fleet = await definition(context)
  const local = fleet?.agents.filter((agent) => agent.local) ?? []
  const used = new Set(local.filter(({ command }) => command === undefined).map(({ runtime }) => runtime))
  const onOwnLogin = new Set(local.filter(({ account }) => account === undefined).map(({ runtime }) => runtime))
  const findings = await findRuntimes(context)
  const known = new Set(findings.map(({ id }) => id))
  const unknown = [...used]
    .filter((id) => !known.has(id))
    .map((id) => fail(`runtime ${id}`, 'not supported by this version yet', `mosaic fleet edit NAME --runtime stub`))
  return [
    ...findings.flatMap((finding): Finding[] => {
      const check = `runtime ${finding.id}`
      if (!finding.found) {
        const mend = finding.mend ?? 'use another runtime'
        return [used.has(finding.id) ? fail(check, finding.problem, mend) : note(check, `${finding.problem} (no agent uses it)`, mend)]
      }
      const found = ok(check, `version ${finding.version} at ${finding.program}`)
      if (!used.has(finding.id)) return [found]
      return [found, ...(onOwnLogin.has(finding.id) ? ownLogin(context, finding.id) : [])]
    }),
    ...unknown,
  ]
}

/** Files only: a doctor writes nothing, and a runtime that is asked may. */
export const checkAccounts: Check = async ({ context }) => {
  const fleet = await definition(context)
  try {
    return Object.entries(readAccounts(context.paths)).map(([name, account]): Finding => {
      const check = `account ${name}`
      const { state, detail } = accountState(account, context.world.env)
      const users = fleet?.agents.filter((agent) => agent.account === name).map((agent) => agent.name) ?? []
      const words = `${account.runtime}, ${detail}${users.length === 0 ? ' (no agent uses it)' : ''}`
      if (state === 'logged-in') return ok(check, words)
      if (state === 'unknown') return note(check, `${words}: ${state}`, `mosaic account check ${name}`)
      return users.length === 0
        ? note(check, `logged out: ${words}`, loginMend(account.runtime, name))
        : fail(check, `logged out: ${words}`, loginMend(account.runtime, name))
    })
  } catch (error) {
    if (error instanceof FleetError) return [fail('accounts', error.message, error.mend ?? `correct ${context.paths.accountsFile}`)]
    throw error
  }
}
