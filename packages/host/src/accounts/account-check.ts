/** What is known of accounts and of the operator's own homes: where they are, and whether they are logged in. */

import { existsSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ACCOUNT_RUNTIMES, type Account, type AccountRuntime } from '@mosaic/domain/account'
import { machineDefaults } from '../paths.ts'
import { directoryOf, type Environment, environmentOf, homeIn } from './account-home.ts'
import { askStatus } from './login-program.ts'
import { type LoginState, loginState } from './login-state.ts'

/** Files that only this runtime makes in its home. */
const MARKS: Readonly<Record<AccountRuntime, readonly string[]>> = {
  claude: ['.claude.json', '.credentials.json'],
  codex: ['config.toml', 'installation_id'],
  opencode: ['.config/opencode', '.local/share/opencode'],
  pi: ['models.json', 'models-store.json'],
}

/** The runtimes whose home a directory looks like. */
export const runtimesOf = (directory: string): AccountRuntime[] =>
  ACCOUNT_RUNTIMES.filter((runtime) => MARKS[runtime].some((mark) => existsSync(join(directory, mark))))

const real = (path: string): string => (existsSync(path) ? realpathSync(path) : path)

/** True for the home that the runtime has where nobody names another. */
export const isOperatorsOwn = (runtime: AccountRuntime, directory: string, env: Environment): boolean =>
  real(homeIn(runtime, { HOME: machineDefaults(env).homeDirectory }).directory) === real(directory)

/** What the files of an account tell. */
export function accountState(account: Account, env: Environment): LoginState {
  const { homeDirectory } = machineDefaults(env)
  const directory = directoryOf(account, homeDirectory)
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) {
    return { state: 'logged-out', detail: `its directory ${directory} is not there` }
  }
  return loginState(account.runtime, environmentOf(account, env, homeDirectory))
}

/**
 * The same, and where its files do not tell, the runtime is asked. Only ever in an account's home: a runtime may write its own
 * state when it is asked, and the operator's own home stays as it is.
 * @param program the located runtime
 */
export async function checkedState(account: Account, env: Environment, program: readonly string[] | undefined): Promise<LoginState> {
  const known = accountState(account, env)
  if (known.state !== 'unknown' || program === undefined) return known
  const { homeDirectory } = machineDefaults(env)
  return (await askStatus({ runtime: account.runtime, argv: program, env: environmentOf(account, env, homeDirectory) })) ?? known
}
