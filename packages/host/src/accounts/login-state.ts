/** Whether a runtime is logged in, as far as its files tell: nobody is asked, nothing is written, no token is spent. */

import type { AccountRuntime } from '@mosaic/domain/account'
import { readBounded } from '../files/read-bounded.ts'
import { type Environment, homeIn, type RuntimeHome } from './account-home.ts'

export interface LoginState {
  state: 'logged-in' | 'logged-out' | 'unknown'
  /** By what it is known; never a credential. */
  detail: string
}

const MAX_BYTES = 8 * 1024 * 1024

/** A variable that is a login by itself. */
const BY_VARIABLE: Readonly<Partial<Record<AccountRuntime, readonly string[]>>> = {
  claude: ['ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_API_KEY', 'CLAUDE_CODE_OAUTH_TOKEN'],
  codex: ['CODEX_API_KEY', 'CODEX_ACCESS_TOKEN'],
}
/** Variables that make models reachable in ways that no file of the runtime tells of. */
const BY_CLOUD = /^(CLAUDE_CODE_USE_(BEDROCK|VERTEX|FOUNDRY)|ANTHROPIC_CUSTOM_HEADERS)$/
const ANY_KEY = /_(API_KEY|API_TOKEN|AUTH_TOKEN|OAUTH_TOKEN|BEARER_TOKEN_BEDROCK)$/

/** What in the settings means that models may be reached without a login of the runtime's own. */
const OWN_WAYS: Readonly<Record<AccountRuntime, RegExp>> = {
  claude: /"(apiKeyHelper|primaryApiKey|ANTHROPIC_[A-Z_]+|CLAUDE_CODE_[A-Z_]+|forceLoginMethod)"/,
  codex: /^\s*(model_provider|cli_auth_credentials_store|forced_login_method|\[model_providers)/m,
  opencode: /"provider"\s*:/,
  pi: /"providers"\s*:/,
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

const isFilled = (value: unknown): boolean => value !== null && value !== undefined && value !== ''

/** Whether the file holds a login. */
function holdsLogin(runtime: AccountRuntime, text: string): boolean {
  const value = parsed(text)
  if (runtime === 'claude') return isFilled((value['claudeAiOauth'] as { accessToken?: unknown } | undefined)?.accessToken)
  if (runtime === 'codex') return isFilled(value['OPENAI_API_KEY']) || isFilled(value['tokens']) || isFilled(value['agent_identity'])
  return Object.values(value).some((entry) => typeof entry === 'object' && entry !== null)
}

function byVariable(runtime: AccountRuntime, env: Environment): LoginState | undefined {
  const named = BY_VARIABLE[runtime]?.find((name) => isFilled(env[name]))
  if (named !== undefined) return { state: 'logged-in', detail: `by ${named} of the environment` }
  const other = Object.keys(env).find(
    (name) => isFilled(env[name]) && (BY_CLOUD.test(name) || ((runtime === 'pi' || runtime === 'opencode') && ANY_KEY.test(name))),
  )
  return other === undefined ? undefined : { state: 'unknown', detail: `${other} of the environment may reach models` }
}

function bySettings(runtime: AccountRuntime, { settings }: RuntimeHome): LoginState | undefined {
  for (const file of settings) {
    const read = readBounded(file, MAX_BYTES)
    if ('problem' in read) {
      if (read.problem !== 'absent') return { state: 'unknown', detail: `${file} is ${read.problem.replaceAll('-', ' ')}` }
    } else if (OWN_WAYS[runtime].test(read.text)) return { state: 'unknown', detail: `${file} says how models are reached` }
  }
  return undefined
}

/** @param env what the runtime would find */
export function loginState(runtime: AccountRuntime, env: Environment): LoginState {
  const home = homeIn(runtime, env)
  const read = readBounded(home.credentials, MAX_BYTES)
  const inFile = 'text' in read && holdsLogin(runtime, read.text)
  const variable = byVariable(runtime, env)
  if (variable?.state === 'logged-in') return variable
  if (inFile) return { state: 'logged-in', detail: `by ${home.credentials}` }
  if ('problem' in read && read.problem !== 'absent') {
    return { state: 'unknown', detail: `${home.credentials} is ${read.problem.replaceAll('-', ' ')}` }
  }
  const other = variable ?? bySettings(runtime, home)
  if (other !== undefined) return other
  // Claude Code keeps its login in the keychain there.
  if (process.platform === 'darwin' && runtime === 'claude') return { state: 'unknown', detail: 'the keychain is not looked into' }
  return { state: 'logged-out', detail: `no login in ${home.credentials}` }
}
