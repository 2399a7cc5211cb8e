/** Where a runtime keeps its login and configuration, and the variables by which it is told another place. */

import { join, resolve } from 'node:path'
import type { Account, AccountRuntime } from '@mosaic/domain/account'
import { type AgentDefinition, expandHome } from '@mosaic/domain/agent'

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

/**
 * Variables of the operator's own environment that would come before an account's login, or lead out of its home: an agent with
 * an account does not inherit them.
 */
const OPERATORS_OWN: Readonly<Record<AccountRuntime, readonly string[]>> = {
  claude: ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'CLAUDE_CODE_OAUTH_TOKEN'],
  codex: ['CODEX_ACCESS_TOKEN', 'CODEX_API_KEY', 'CODEX_SQLITE_HOME', 'OPENAI_API_KEY'],
  opencode: ['OPENCODE_API_KEY', 'OPENCODE_CONFIG', 'OPENCODE_CONFIG_DIR'],
  pi: ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_OAUTH_TOKEN', 'OPENAI_API_KEY', 'PI_CODING_AGENT_SESSION_DIR'],
}

/** What of the operator's environment an agent leaves behind for the sake of its account. */
export const leftBehind = ({ account, runtime }: Pick<AgentDefinition, 'account' | 'runtime'>): readonly string[] =>
  account === undefined ? [] : (OPERATORS_OWN[runtime as AccountRuntime] ?? [])

/** An environment in which the runtime finds the account and nothing in its place. */
export function environmentOf(account: Account, env: Environment, homeDirectory: string): Environment {
  const others = Object.entries(env).filter(([name]) => !OPERATORS_OWN[account.runtime].includes(name))
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
