import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ACCOUNT_RUNTIMES } from '@mosaic/domain/account'
import type { AgentDefinition } from '@mosaic/domain/agent'
import { decodeEnvFile, encodeEnvFile } from '@mosaic/domain/env-file'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, it } from 'vitest'
import { accountEnvironment, environmentOf } from '../accounts/account-home.ts'
import { resolvePaths } from '../paths.ts'
import { commandDirectory } from '../programs.ts'
import { CLAUDE_INHERITED, CLAUDE_KEPT_WITH_ACCOUNT } from '../runtimes/claude/environment.ts'
import { CODEX_INHERITED, CODEX_KEPT_WITH_ACCOUNT } from '../runtimes/codex/environment.ts'
import { OPENCODE_INHERITED, OPENCODE_KEPT_WITH_ACCOUNT } from '../runtimes/opencode/environment.ts'
import { PI_INHERITED, PI_KEPT_WITH_ACCOUNT } from '../runtimes/pi/environment.ts'
import { agentEnvironment, type EnvironmentRequest, panePath } from './agent-environment.ts'

const AGENT: AgentDefinition = {
  name: 'coder0',
  class: 'coder',
  alias: undefined,
  address: { tenant_id: 'tenant', host: 'host', session: 'coder0' },
  runtime: 'stub',
  model: undefined,
  effort: undefined,
  workingDirectory: '/tmp',
  command: undefined,
  env: {},
  heartbeatIntervalMs: 250,
  yolo: false,
  lifecycle: 'core',
  local: true,
  ssh: undefined,
}

function request(changes: Partial<EnvironmentRequest> = {}, agent: Partial<AgentDefinition> = {}): EnvironmentRequest {
  return {
    agent: { ...AGENT, ...agent },
    paths: resolvePaths({ env: { MOSAIC_HOME: '/m' } }),
    recipe: { argv: ['true'], env: {}, inherit: [] },
    launchId: 'launch-1',
    resume: false,
    endpoint: { url: 'http://127.0.0.1:1', token: 'a token' },
    launcher: {},
    ...changes,
  }
}

describe('the environment of an agent', () => {
  it('holds nothing of the launcher but what is on the list or asked for by the runtime', () => {
    const launcher = {
      HOME: '/home/x',
      TZ: 'UTC',
      HTTPS_PROXY: 'http://proxy',
      ANTHROPIC_API_KEY: 'secret',
      AWS_SECRET_ACCESS_KEY: 'secret',
      SSH_AUTH_SOCK: '/secret',
      TMUX: 'secret',
      TMUX_PANE: '%1',
      NODE_OPTIONS: '--require secret',
      LD_PRELOAD: '/secret',
      MOSAIC_FAULT: 'before-claim',
      MOSAIC_AGENT: 'somebody-else',
      OPENAI_API_KEY: 'asked for',
      USER: '',
    }
    const recipe = { argv: ['x'], env: { EXTRA: '1' }, inherit: ['OPENAI_API_KEY', 'NOT_SET'] }
    const out = agentEnvironment(request({ launcher, recipe }))
    const own = Object.keys(out).filter((key) => !key.startsWith('MOSAIC_'))
    expect(own.sort()).toEqual(['COLORTERM', 'EXTRA', 'HOME', 'HTTPS_PROXY', 'LANG', 'OPENAI_API_KEY', 'PATH', 'TERM', 'TZ'].sort())
    expect(Object.values(out).filter((value) => value.includes('secret'))).toEqual([])
    expect(out['MOSAIC_AGENT']).toBe('coder0')
    expect(out['MOSAIC_FAULT']).toBeUndefined()
  })

  it('holds what the roster passes on by name', () => {
    const out = agentEnvironment(request({ launcher: { MY_KEY: 'k', OTHER: 'o' } }, { inherit: ['MY_KEY', 'NOT_SET'] }))
    expect([out['MY_KEY'], out['OTHER'], 'NOT_SET' in out]).toEqual(['k', undefined, false])
  })

  describe('with an account', () => {
    const LISTS = {
      claude: [CLAUDE_INHERITED, CLAUDE_KEPT_WITH_ACCOUNT],
      codex: [CODEX_INHERITED, CODEX_KEPT_WITH_ACCOUNT],
      opencode: [OPENCODE_INHERITED, OPENCODE_KEPT_WITH_ACCOUNT],
      pi: [PI_INHERITED, PI_KEPT_WITH_ACCOUNT],
    } as const
    /** Logins, and what says who is asked, by the words that such names are made of. */
    const LEADS_ELSEWHERE =
      /KEY|TOKEN$|TOKEN_|SECRET|AUTH|CREDENTIAL|HEADERS|CERT$|_USE_|URL|URI|HOME|CONFIG|SESSION|GATEWAY|RESOURCE|REGION|LOCATION|PROFILE|PROJECT|ORGANI|ACCOUNT|AWS|AZURE|GOOGLE|CLOUD/

    it.each(ACCOUNT_RUNTIMES)('of %s holds nothing that its runtime inherits, but what is known to lead nowhere', (runtime) => {
      const [inherit, kept] = LISTS[runtime]
      const launcher = Object.fromEntries(inherit.map((name) => [name, 'of the operator']))
      const out = agentEnvironment(request({ launcher, recipe: { argv: ['x'], env: {}, inherit } }, { runtime, account: 'work', inherit }))
      expect(inherit.filter((name) => name in out).sort()).toEqual([...kept].sort())
      expect(kept.filter((name) => LEADS_ELSEWHERE.test(name))).toEqual([])
      const without = agentEnvironment(request({ launcher, recipe: { argv: ['x'], env: {}, inherit } }, { runtime }))
      expect(inherit.filter((name) => !(name in without))).toEqual([])
      const account = { runtime, directory: '/w' }
      const ofAccount = environmentOf(account, { ...launcher, MINE: '1' }, '/h')
      const left = inherit.filter((name) => ofAccount[name] === 'of the operator')
      expect([left.sort(), ofAccount['MINE']]).toEqual([[...kept].sort(), '1'])
      expect(ofAccount).toMatchObject(accountEnvironment(account, '/h'))
    })

    it('leaves behind what is new among what a runtime inherits', () => {
      const recipe = { argv: ['x'], env: {}, inherit: ['NEW_PROVIDER_KEY', 'EDITOR'] }
      const out = agentEnvironment(
        request({ launcher: { NEW_PROVIDER_KEY: 'k', EDITOR: 'vi' }, recipe }, { runtime: 'claude', account: 'work' }),
      )
      expect([out['NEW_PROVIDER_KEY'], out['EDITOR']]).toEqual([undefined, 'vi'])
    })

    it('holds what the roster says itself, and what every runtime sees', () => {
      const launcher = { ANTHROPIC_BASE_URL: 'http://operator', HTTPS_PROXY: 'http://proxy', NODE_EXTRA_CA_CERTS: '/ca', MY_KEY: 'k' }
      const recipe = { argv: ['x'], env: {}, inherit: CLAUDE_INHERITED }
      const agent = {
        runtime: 'claude',
        account: 'work',
        env: { ANTHROPIC_BASE_URL: 'http://roster', AWS_PROFILE: 'roster' },
        inherit: ['MY_KEY'],
      } as const
      const out = agentEnvironment(request({ launcher, recipe }, agent))
      expect(out).toMatchObject({ ...agent.env, HTTPS_PROXY: 'http://proxy', NODE_EXTRA_CA_CERTS: '/ca', MY_KEY: 'k' })
    })
  })

  it('names the agent, its files and its launch', () => {
    const out = agentEnvironment(request({ resume: true }, { model: 'm1' }))
    expect(Object.fromEntries(Object.entries(out).filter(([key]) => key.startsWith('MOSAIC_')))).toEqual({
      MOSAIC_AGENT: 'coder0',
      MOSAIC_CLASS: 'coder',
      MOSAIC_TENANT: 'tenant',
      MOSAIC_HOST: 'host',
      MOSAIC_HOME: '/m',
      MOSAIC_ROSTER: '/m/fleet/roster.yaml',
      MOSAIC_HEARTBEAT_RUN_DIR: '/m/fleet/run',
      MOSAIC_FLEET_TOKEN: 'a token',
      MOSAIC_FLEET_URL: 'http://127.0.0.1:1',
      MOSAIC_HEARTBEAT_FILE: '/m/fleet/run/coder0.hb',
      MOSAIC_HEARTBEAT_INTERVAL: '0.25',
      MOSAIC_JOURNAL: '/m/fleet/run/coder0.signals.jsonl',
      MOSAIC_LINK: '/m/fleet/run/coder0.link',
      MOSAIC_ALIVE: '/m/fleet/run/coder0.alive',
      MOSAIC_STATE_DIR: '/m/fleet/state/coder0',
      MOSAIC_CONTRACT: '/m/fleet/run/coder0.contract.md',
      MOSAIC_RESUME: '1',
      MOSAIC_LAUNCH_ID: 'launch-1',
      MOSAIC_MODEL: 'm1',
    })
  })

  it('lets the roster and the runtime add, but not say who the agent is', () => {
    const env = { A: 'roster', B: 'roster', MOSAIC_AGENT: 'orchestrator', MOSAIC_LAUNCH_ID: 'other', MOSAIC_JOURNAL: '/x' }
    const out = agentEnvironment(request({ recipe: { argv: ['x'], env: { B: 'runtime', MOSAIC_TENANT: 'other' }, inherit: [] } }, { env }))
    expect(out).toMatchObject({ A: 'roster', B: 'runtime', MOSAIC_AGENT: 'coder0', MOSAIC_LAUNCH_ID: 'launch-1', MOSAIC_TENANT: 'tenant' })
    expect(out['MOSAIC_JOURNAL']).toBe('/m/fleet/run/coder0.signals.jsonl')
  })

  it.each([
    [{}, 'C.UTF-8', undefined],
    [{ LANG: 'de_DE.UTF-8' }, 'de_DE.UTF-8', undefined],
    [{ LANG: 'de_DE.utf8' }, 'de_DE.utf8', undefined],
    [{ LANG: 'C' }, 'C.UTF-8', undefined],
    [{ LANG: 'de_DE.UTF-8', LC_ALL: 'C' }, 'C.UTF-8', undefined],
    [{ LANG: 'C', LC_ALL: 'en_US.UTF-8' }, 'C', 'en_US.UTF-8'],
    [{ LC_ALL: 'POSIX' }, 'C.UTF-8', undefined],
    [{ LANG: '', LC_ALL: '' }, 'C.UTF-8', undefined],
  ])('has a UTF-8 locale whatever the launcher has: %j', (launcher, lang, all) => {
    const out = agentEnvironment(request({ launcher }))
    expect([out['LANG'], out['LC_ALL']]).toEqual([lang, all])
    expect(out['LC_ALL'] ?? out['LANG']).toMatch(/utf-?8/i)
  })

  it('goes through an environment file unchanged', () => {
    const env = { QUOTES: `"'\`$(touch x)\\`, LINES: 'a\nb\n', TABS: '\t', EMPTY: '', UNICODE: '漢字 🎉', SPACES: '  x  ' }
    const out = agentEnvironment(request({}, { env }))
    expect({ ...decodeEnvFile(encodeEnvFile(out)) }).toEqual(out)
  })
})

describe('the PATH of a pane', () => {
  it('begins with our own command and our own Node, and holds each place once', async () => {
    await using home = await tempHome()
    const [own, tool] = [join(home.home, '.local', 'bin'), join(home.root, 'tool')]
    for (const directory of [own, tool]) mkdirSync(directory, { recursive: true })
    mkdirSync(commandDirectory, { recursive: true })
    const path = panePath(`${tool}:/usr/bin:${tool}:${dirname(process.execPath)}`, home.home).split(':')
    expect(path.slice(0, 3)).toEqual([commandDirectory, dirname(process.execPath), tool])
    expect(path).toContain(own)
    expect(new Set(path).size).toBe(path.length)
  })

  it('has no place that is not there, none that is relative, and the usual ones although the launcher has none', async () => {
    await using home = await tempHome()
    const path = panePath(`:.:bin:../x:${join(home.root, 'absent')}:`, home.home).split(':')
    expect(path.filter((directory) => !directory.startsWith('/'))).toEqual([])
    expect(path).not.toContain(join(home.root, 'absent'))
    expect(path).not.toContain(join(home.home, '.bun', 'bin'))
    expect(path).toContain('/usr/bin')
    expect(panePath(undefined, home.home)).toContain('/bin')
    expect(panePath('', home.home)).toBe(panePath(undefined, home.home))
  })
})
