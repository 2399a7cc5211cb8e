import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ACCOUNT_RUNTIMES, type AccountRuntime } from '@mosaic/domain/account'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { accountEnvironment, environmentOf, homeIn } from './account-home.ts'
import { loginState } from './login-state.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'mosaic-login-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

function put(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value))
}

const LOGINS: Readonly<Record<AccountRuntime, unknown>> = {
  claude: { claudeAiOauth: { accessToken: 'a', refreshToken: 'r' } },
  codex: { auth_mode: 'chatgpt', OPENAI_API_KEY: null, tokens: { access_token: 'a' } },
  opencode: { anthropic: { type: 'oauth', access: 'a' } },
  pi: { anthropic: { type: 'oauth', access: 'a' } },
}
const EMPTY: Readonly<Record<AccountRuntime, unknown>> = { claude: {}, codex: { OPENAI_API_KEY: null }, opencode: {}, pi: {} }

test.each(ACCOUNT_RUNTIMES)('%s is logged in by the file that its login makes, and logged out without it', (runtime) => {
  const env = environmentOf({ runtime, directory: join(home, 'account') }, { HOME: home }, home)
  const { credentials } = homeIn(runtime, env)
  expect(credentials.startsWith(join(home, 'account'))).toBe(true)
  expect(loginState(runtime, env)).toEqual({ state: 'logged-out', detail: `no login in ${credentials}` })
  put(credentials, EMPTY[runtime])
  expect(loginState(runtime, env).state).toBe('logged-out')
  put(credentials, LOGINS[runtime])
  expect(loginState(runtime, env)).toEqual({ state: 'logged-in', detail: `by ${credentials}` })
  // The operator's own home is another one.
  expect(loginState(runtime, { HOME: home }).state).toBe('logged-out')
})

test.each([
  ['claude', '.claude/settings.json', '{"apiKeyHelper": "/bin/key"}'],
  ['claude', '.claude.json', '{"primaryApiKey": "k"}'],
  ['codex', '.codex/config.toml', 'model = "m"\nmodel_provider = "own"\n'],
  ['opencode', '.config/opencode/opencode.json', '{"provider": {}}'],
  ['pi', '.pi/agent/models.json', '{"providers": {}}'],
] as const)('whether %s needs a login is not known where %s may say how models are reached', (runtime, file, text) => {
  put(join(home, file), text)
  expect(loginState(runtime, { HOME: home })).toMatchObject({ state: 'unknown', detail: expect.stringContaining(file) })
})

test('a token of the environment is a login, except for an account, which has its own', () => {
  const env = { HOME: home, ANTHROPIC_AUTH_TOKEN: 'secret-token' }
  expect(loginState('claude', env)).toEqual({ state: 'logged-in', detail: 'by ANTHROPIC_AUTH_TOKEN of the environment' })
  const account = { runtime: 'claude', directory: join(home, 'account') } as const
  expect(loginState('claude', environmentOf(account, env, home)).state).toBe('logged-out')
})

test('every account leads its runtime to its own home alone', () => {
  expect(accountEnvironment({ runtime: 'claude', directory: '~/w' }, '/h')).toEqual({ CLAUDE_CONFIG_DIR: '/h/w' })
  expect(accountEnvironment({ runtime: 'codex', directory: '/w' }, '/h')).toEqual({ CODEX_HOME: '/w' })
  expect(accountEnvironment({ runtime: 'pi', directory: '/w/' }, '/h')).toEqual({ PI_CODING_AGENT_DIR: '/w' })
  expect(accountEnvironment({ runtime: 'opencode', directory: '/w' }, '/h')).toEqual({
    XDG_CONFIG_HOME: '/w/.config',
    XDG_DATA_HOME: '/w/.local/share',
    XDG_STATE_HOME: '/w/.local/state',
    XDG_CACHE_HOME: '/w/.cache',
  })
})
