/** Where a runtime keeps its login and configuration, and the variables by which it is told another place. */

import { join, resolve } from 'node:path'
import type { Account, AccountRuntime } from '@mosaic/domain/account'
import { type AgentDefinition, expandHome } from '@mosaic/domain/agent'
import { CLAUDE_INHERITED, CLAUDE_KEPT_WITH_ACCOUNT } from '../runtimes/claude/environment.ts'
import { CODEX_INHERITED, CODEX_KEPT_WITH_ACCOUNT } from '../runtimes/codex/environment.ts'
import { OPENCODE_INHERITED, OPENCODE_KEPT_WITH_ACCOUNT } from '../runtimes/opencode/environment.ts'
import { PI_INHERITED, PI_KEPT_WITH_ACCOUNT } from '../runtimes/pi/environment.ts'

export type Environment = Readonly<Record<string, string | undefined>>

const VARIABLES: Readonly<Record<AccountRuntime, (directory: string) => Record<string, string>>> = {
  claude: (directory) => ({ CLAUDE_CONFIG_DIR: directory }),
  codex: (directory) => ({ CODEX_HOME: directory }),
  // The places of the XDG specification below a home directory, so that another user's home can be one as it stands.
  opencode: (directory) => ({
    XDG_CONFIG_HOME: join(directory, '.config'),
    XDG_DATA_HOME: join(directory, '.local', 'share'),
    XDG_STATE_HOME: join(directory, '.local', 'state'),
    XDG_CACHE_HOME: join(directory, '.cache'),
  }),
  pi: (directory) => ({ PI_CODING_AGENT_DIR: directory }),
}

/** What each runtime inherits of the operator's environment, and what of it an agent with an account has as well. */
const ENVIRONMENTS: Readonly<Record<AccountRuntime, { inherited: readonly string[]; kept: readonly string[] }>> = {
  claude: { inherited: CLAUDE_INHERITED, kept: CLAUDE_KEPT_WITH_ACCOUNT },
  codex: { inherited: CODEX_INHERITED, kept: CODEX_KEPT_WITH_ACCOUNT },
  opencode: { inherited: OPENCODE_INHERITED, kept: OPENCODE_KEPT_WITH_ACCOUNT },
  pi: { inherited: PI_INHERITED, kept: PI_KEPT_WITH_ACCOUNT },
}

/**
 * Variables of the operator's own environment that would come before an account's login, or lead to another place than its own:
 * every one that the runtime inherits but those that are known to do neither, so that none is forgotten.
 */
function operatorsOwn(runtime: AccountRuntime, inherited: readonly string[] = ENVIRONMENTS[runtime].inherited): readonly string[] {
  const { kept } = ENVIRONMENTS[runtime]
  return inherited.filter((name) => !kept.includes(name))
}

/**
 * What of the operator's environment an agent leaves behind for the sake of its account. What the roster says in `env` is no part of
 * that environment.
 * @param inherited by its runtime, as the launch says
 */
export function leftBehind(
  { account, runtime }: Pick<AgentDefinition, 'account' | 'runtime'>,
  inherited: readonly string[],
): readonly string[] {
  return account === undefined || !Object.hasOwn(ENVIRONMENTS, runtime) ? [] : operatorsOwn(runtime as AccountRuntime, inherited)
}

/** An environment in which the runtime finds the account and nothing in its place. */
export function environmentOf(account: Account, env: Environment, homeDirectory: string): Environment {
  const own = operatorsOwn(account.runtime)
  const others = Object.entries(env).filter(([name]) => !own.includes(name))
  return { ...Object.fromEntries(others), ...accountEnvironment(account, homeDirectory) }
}

export const directoryOf = ({ directory }: Account, homeDirectory: string): string => resolve(expandHome(directory, homeDirectory))

/** What an agent of this account has in its environment. */
export const accountEnvironment = (account: Account, homeDirectory: string): Record<string, string> =>
  VARIABLES[account.runtime](directoryOf(account, homeDirectory))

const filled = (text: string | undefined, otherwise: string): string => (text === undefined || text === '' ? otherwise : text)

/** A runtime's files that tell of a login. */
export interface RuntimeHome {
  /** What `--directory` names, or would have to. */
  directory: string
  /** Where a login is kept. */
  credentials: string
  /** Where the operator says how models are reached, one of which may need no login. */
  settings: readonly string[]
}

/** Claude Code's settings for all users of a machine. */
const MANAGED = '/etc/claude-code/managed-settings.json'

/** The home that a runtime finds in this environment. */
export function homeIn(runtime: AccountRuntime, env: Environment): RuntimeHome {
  const home = filled(env['HOME'], '/')
  if (runtime === 'claude') {
    const named = filled(env['CLAUDE_CONFIG_DIR'], '')
    const directory = filled(named, join(home, '.claude'))
    const state = join(filled(named, home), '.claude.json')
    return { directory, credentials: join(directory, '.credentials.json'), settings: [join(directory, 'settings.json'), state, MANAGED] }
  }
  if (runtime === 'codex') {
    const directory = filled(env['CODEX_HOME'], join(home, '.codex'))
    return { directory, credentials: join(directory, 'auth.json'), settings: [join(directory, 'config.toml')] }
  }
  if (runtime === 'pi') {
    const directory = filled(env['PI_CODING_AGENT_DIR'], join(home, '.pi', 'agent'))
    return { directory, credentials: join(directory, 'auth.json'), settings: [join(directory, 'models.json')] }
  }
  const data = filled(env['XDG_DATA_HOME'], join(home, '.local', 'share'))
  const config = join(filled(env['XDG_CONFIG_HOME'], join(home, '.config')), 'opencode')
  const settings = ['opencode.json', 'opencode.jsonc', 'config.json'].map((name) => join(config, name))
  return { directory: home, credentials: join(data, 'opencode', 'auth.json'), settings }
}
