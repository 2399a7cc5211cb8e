import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentDefinition } from '@mosaic/domain/agent'
import type { LaunchContext } from '@mosaic/domain/ports/runtime'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, it } from 'vitest'
import { launch } from './launch.ts'
import { readSessions } from './session-record.ts'
import { STATUS_LINE_FILE } from './status-line.ts'

const agent = (workingDirectory: string): AgentDefinition => ({
  name: 'a',
  class: 'worker',
  alias: undefined,
  address: { tenant_id: 't', host: 'h', session: 'a' },
  runtime: 'claude',
  model: undefined,
  effort: undefined,
  workingDirectory,
  command: undefined,
  env: {},
  inherit: [],
  screenRules: undefined,
  heartbeatIntervalMs: 15_000,
  yolo: false,
  lifecycle: 'core',
  local: true,
  ssh: undefined,
})

const SAID = '{"type":"mode"}\n{"type":"user","message":{"role":"user","content":"hello"}}\n'

async function world() {
  const home = await tempHome()
  const state = join(home.root, 'state')
  mkdirSync(state)
  const context = (options: { resume?: boolean; agent?: object } = {}): LaunchContext => ({
    agent: { ...agent(home.root), ...options.agent },
    program: { argv: ['/opt/claude'], version: '2.1.329' },
    launchId: 'l',
    resume: options.resume ?? false,
    contractFile: '/contract.md',
    heartbeatFile: '/hb',
    journalFile: '/j',
    linkSocket: '/l',
    stateDirectory: state,
    endpoint: { url: 'http://127.0.0.1:1', tokenVariable: 'MOSAIC_FLEET_TOKEN' },
  })
  const stateFile = join(home.root, '.claude.json')
  return { root: home.root, state, stateFile, context, env: { HOME: home.root }, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() }
}

const after = (argv: readonly string[], flag: string): string => argv[argv.indexOf(flag) + 1] ?? ''

describe('the launch of Claude Code', () => {
  it('keeps the token out of its arguments', async () => {
    await using at = await world()
    const { argv } = launch(at.context(), at.env)
    expect(after(argv, '--settings')).toContain('Bearer $MOSAIC_FLEET_TOKEN')
    expect(JSON.parse(after(argv, '--mcp-config'))).toMatchObject({
      mcpServers: {
        fleet: { url: 'http://127.0.0.1:1/mcp', headers: { Authorization: expect.stringMatching(/^Bearer \$.MOSAIC_FLEET_TOKEN.$/) } },
      },
    })
  })

  it('goes on with the last conversation only when it is to, and one is stored', async () => {
    await using at = await world()
    const id = after(launch(at.context(), at.env).argv, '--session-id')
    expect(after(launch(at.context({ resume: true }), at.env).argv, '--session-id')).not.toBe(id)
    const last = readSessions(at.state)?.ids.at(-1) ?? ''
    mkdirSync(join(at.root, '.claude', 'projects', '-work'), { recursive: true })
    writeFileSync(join(at.root, '.claude', 'projects', '-work', `${last}.jsonl`), SAID)
    expect(after(launch(at.context({ resume: true }), at.env).argv, '--resume')).toBe(last)
    expect(launch(at.context(), at.env).argv).not.toContain('--resume')
  })

  it.each([
    ['nothing', ''],
    ['its modes alone', '{"type":"mode","mode":"normal"}\n{"type":"file-history-snapshot"}\n'],
    ['a first word that is not whole', SAID.trim()],
  ])('begins anew where it was killed when its transcript held %s', async (_what, text) => {
    await using at = await world()
    const id = after(launch(at.context(), at.env).argv, '--session-id')
    mkdirSync(join(at.root, '.claude', 'projects', '-work'), { recursive: true })
    writeFileSync(join(at.root, '.claude', 'projects', '-work', `${id}.jsonl`), text)
    const { argv } = launch(at.context({ resume: true }), at.env)
    expect(argv).not.toContain('--resume')
    expect(after(argv, '--session-id')).not.toBe(id)
  })

  it('begins anew in the home of another account', async () => {
    await using at = await world()
    const id = after(launch(at.context(), at.env).argv, '--session-id')
    mkdirSync(join(at.root, '.claude', 'projects', '-work'), { recursive: true })
    writeFileSync(join(at.root, '.claude', 'projects', '-work', `${id}.jsonl`), SAID)
    const other = join(at.root, 'account')
    expect(launch(at.context({ resume: true, agent: { env: { CLAUDE_CONFIG_DIR: other } } }), at.env).argv).not.toContain('--resume')
    expect(readSessions(at.state)?.directory).toBe(other)
    expect(existsSync(join(other, '.claude.json'))).toBe(true)
  })

  it('skips permissions only where the roster says yolo', async () => {
    await using at = await world()
    const careful = launch(at.context(), at.env)
    expect(careful.argv).not.toContain('--dangerously-skip-permissions')
    expect(careful.env['IS_SANDBOX']).toBeUndefined()
    const yolo = launch(at.context({ agent: { yolo: true } }), at.env)
    expect(yolo.argv).toContain('--dangerously-skip-permissions')
    expect(yolo.env['IS_SANDBOX']).toBe(process.getuid?.() === 0 ? '1' : undefined)
  })

  it('gives model, effort and the variables of the roster', async () => {
    await using at = await world()
    const { argv, env } = launch(at.context({ agent: { model: 'opus', effort: 'minimal', env: { DISABLE_AUTOUPDATER: '0' } } }), at.env)
    expect([after(argv, '--model'), after(argv, '--effort'), env['DISABLE_AUTOUPDATER']]).toEqual(['opus', 'low', '0'])
  })

  it('has its status line written by a command that no path is put into', async () => {
    await using at = await world()
    const stateDirectory = join(at.root, `it's "$HOME" \`here\``)
    mkdirSync(stateDirectory)
    const { argv, env } = launch({ ...at.context(), stateDirectory }, at.env)
    const { command } = (JSON.parse(after(argv, '--settings')) as { statusLine: { command: string } }).statusLine
    expect(command).not.toContain(at.root)
    execFileSync('sh', ['-c', command], { env: { ...process.env, ...env }, input: '{"model":{}}' })
    expect(readFileSync(join(stateDirectory, STATUS_LINE_FILE), 'utf8')).toBe('{"model":{}}')
  })

  it('says the operator’s own permission mode again', async () => {
    await using at = await world()
    mkdirSync(join(at.root, '.claude'))
    writeFileSync(join(at.root, '.claude', 'settings.json'), '{"permissions": {"defaultMode": "plan"}}')
    expect(JSON.parse(after(launch(at.context(), at.env).argv, '--settings'))).toMatchObject({ permissions: { defaultMode: 'plan' } })
  })
})

describe('a home that Claude Code never started in', () => {
  it('is told once that there is nothing to ask, and nothing else', async () => {
    await using at = await world()
    launch(at.context(), at.env)
    expect(JSON.parse(readFileSync(at.stateFile, 'utf8'))).toEqual({ hasCompletedOnboarding: true })
    const { mtimeMs } = statSync(at.stateFile)
    launch(at.context(), at.env)
    expect(statSync(at.stateFile).mtimeMs).toBe(mtimeMs)
  })

  it('keeps a copy of what stood there', async () => {
    await using at = await world()
    writeFileSync(at.stateFile, '{"theme":"light"}')
    launch(at.context(), at.env)
    expect(JSON.parse(readFileSync(at.stateFile, 'utf8'))).toEqual({ theme: 'light', hasCompletedOnboarding: true })
    expect(readFileSync(`${at.stateFile}.before-mosaic`, 'utf8')).toBe('{"theme":"light"}')
  })

  it('is left as it is where it is not understood', async () => {
    await using at = await world()
    writeFileSync(at.stateFile, '{"theme": ')
    expect(() => launch(at.context(), at.env)).toThrow(/is not JSON/)
    expect(readFileSync(at.stateFile, 'utf8')).toBe('{"theme": ')
  })
})
