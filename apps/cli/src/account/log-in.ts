/** The login of an account, by the runtime itself in this terminal. */

import { mkdirSync } from 'node:fs'
import type { Account } from '@mosaic/domain/account'
import { LOGIN_HINT } from '@mosaic/domain/login'
import { accountState } from '@mosaic/host/accounts/account-check'
import { directoryOf, environmentOf } from '@mosaic/host/accounts/account-home'
import { runLogin } from '@mosaic/host/accounts/login-program'
import type { LoginState } from '@mosaic/host/accounts/login-state'
import { machineDefaults } from '@mosaic/host/paths'
import type { Context } from '../context.ts'
import { locateRuntime } from '../fleet/runtimes-found.ts'

export interface LoginAnswer {
  name: string
  runtime: string
  directory: string
  login: LoginState['state']
  detail: string
}

/** @throws FleetError `missing` when the runtime is not there */
export async function logIn(context: Context, name: string, account: Account): Promise<LoginAnswer> {
  const { env } = context.world
  const { runtime } = account
  const { homeDirectory } = machineDefaults(env)
  const { argv } = await locateRuntime(context, runtime)
  const directory = directoryOf(account, homeDirectory)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const hint = LOGIN_HINT[runtime]
  context.note(`The login of ${runtime}, for the account ${name} in ${directory}${hint === undefined ? '' : `: ${hint}`}`)
  // What the operator types, Ctrl-C included, is for the program.
  context.takeOverEnding()
  await runLogin({ runtime, argv, env: environmentOf(account, env, homeDirectory) }, context.json ? 'stderr' : 'inherit')
  const { state, detail } = accountState(account, env)
  return { name, runtime, directory, login: state, detail }
}
