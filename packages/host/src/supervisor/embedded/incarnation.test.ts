import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { AgentDefinition } from '@mosaic/domain/agent'
import { decodeEnvFile } from '@mosaic/domain/env-file'
import { FleetError } from '@mosaic/domain/error'
import type { RuntimeAdapter } from '@mosaic/domain/ports/runtime'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, it } from 'vitest'
import { LAUNCH_VARIABLE } from '../../launch/launch-line.ts'
import { type MosaicPaths, resolvePaths } from '../../paths.ts'
import { programPath } from '../../programs.ts'
import { prepareLaunch, removeRunFiles } from './incarnation.ts'

const SHELL: RuntimeAdapter = {
  id: 'stub',
  acceptanceSignal: 'shell:none',
  heartbeat: 'process',
  dropsDuplicates: false,
  locate: async () => ({ argv: ['/bin/sh'], version: '1' }),
  launch: ({ program, contractFile }) => ({
    argv: [...program.argv, '-c', 'a b\n$(c)', contractFile],
    env: { FROM_ADAPTER: '1' },
    inherit: [],
  }),
  connect: () => ({ ask: async () => undefined, reset: async () => 'none' }),
  recognises: (argv) => argv[0] === '/bin/sh',
}

async function world(changes: Partial<AgentDefinition> = {}) {
  const home = await tempHome()
  const paths = resolvePaths({ env: home.env })
  const agent: AgentDefinition = {
    name: 'coder0',
    class: 'coder',
    alias: undefined,
    address: { tenant_id: 't', host: 'h', session: 'coder0' },
    runtime: 'stub',
    model: 'm1',
    effort: undefined,
    workingDirectory: home.home,
    command: undefined,
    env: {},
    heartbeatIntervalMs: 1_000,
    yolo: false,
    lifecycle: 'core',
    local: true,
    ssh: undefined,
    ...changes,
  }
  const fleet = { tenantId: 't', host: 'h', socketName: undefined, holderSession: 'holder', agents: [agent] }
  const prepare = (adapter: RuntimeAdapter = SHELL) =>
    prepareLaunch({
      fleet,
      agent,
      adapter,
      paths,
      launchId: 'l1',
      mark: `${paths.home}#l1`,
      resume: false,
      launcherEnv: home.env,
      endpoint: { url: 'http://127.0.0.1:1', token: 'a token' },
    })
  return { home, paths, agent, prepare, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() }
}

const runFilesOf = (paths: MosaicPaths, name: string): string[] => {
  const { heartbeatOf, journalOf, linkOf, aliveOf, contractOf, envOf } = paths
  const [heartbeat, journal] = [heartbeatOf(name), journalOf(name)]
  return [heartbeat, `${heartbeat}.tmp`, journal, `${journal}.1`, linkOf(name), aliveOf(name), contractOf(name), envOf(name)]
}

describe('preparing a launch', () => {
  it('writes all that the runtime will read, for its owner alone', async () => {
    await using it = await world({ env: { HOSTILE: `"'$(x)\`\\\n` } })
    const { spec, launchedAs } = await it.prepare()
    const env = decodeEnvFile(readFileSync(it.paths.envOf('coder0'), 'utf8'))
    const contract = it.paths.contractOf('coder0')
    expect(JSON.parse(env[LAUNCH_VARIABLE] ?? '')).toEqual({ argv: ['/bin/sh', '-c', 'a b\n$(c)', contract], cwd: it.home.home })
    expect(env).toMatchObject({
      MOSAIC_LAUNCH_ID: 'l1',
      FROM_ADAPTER: '1',
      HOSTILE: `"'$(x)\`\\\n`,
      MOSAIC_MODEL: 'm1',
      MOSAIC_FLEET_URL: 'http://127.0.0.1:1',
      MOSAIC_FLEET_TOKEN: 'a token',
    })
    expect(readFileSync(contract, 'utf8')).toContain('You are **coder0**')
    expect(lstatSync(it.paths.aliveOf('coder0')).isFIFO()).toBe(true)
    expect(launchedAs).toMatchObject({ runtime: 'stub', model: 'm1', workingDirectory: it.home.home, argv: [], yolo: false, effort: null })
    expect(spec).toMatchObject({ session: 'coder0', cwd: it.home.home, mark: `${it.paths.home}#l1` })
    expect(spec.argv.slice(-2)).toEqual([programPath('launch'), it.paths.envOf('coder0')])
    for (const file of [it.paths.envOf('coder0'), contract]) expect(statSync(file).mode & 0o777).toBe(0o600)
    for (const directory of [it.paths.agents, it.paths.run, it.paths.stateOf('coder0')])
      expect(statSync(directory).mode & 0o777).toBe(0o700)
  })

  it('leaves nothing of an earlier incarnation that could speak for this one', async () => {
    await using it = await world()
    await it.prepare()
    for (const file of [it.paths.heartbeatOf('coder0'), it.paths.linkOf('coder0')]) writeFileSync(file, 'old')
    writeFileSync(it.paths.journalOf('coder0'), 'kept\n')
    chmodSync(it.paths.run, 0o755)
    await it.prepare()
    expect(existsSync(it.paths.heartbeatOf('coder0'))).toBe(false)
    expect(existsSync(it.paths.linkOf('coder0'))).toBe(false)
    expect(readFileSync(it.paths.journalOf('coder0'), 'utf8')).toBe('kept\n')
    expect(lstatSync(it.paths.aliveOf('coder0')).isFIFO()).toBe(true)
    expect(statSync(it.paths.run).mode & 0o777).toBe(0o700)
  })

  it.each([
    ['a working directory that is not there', { workingDirectory: '/no/such/directory' }],
    ['a working directory that is a file', { workingDirectory: '/etc/passwd' }],
    ['a value that no environment file can hold', { env: { X: 'a\u001b[31m' } }],
  ])('refuses %s', async (_, changes) => {
    await using it = await world(changes)
    const failure = await it.prepare().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(FleetError)
    expect(failure).toMatchObject({ code: 'invalid', mend: expect.any(String) })
    expect(existsSync(it.paths.envOf('coder0'))).toBe(false)
  })

  it('puts its files in the place of whatever stands there, and follows no link', async () => {
    await using it = await world()
    await it.prepare()
    const kept = join(it.home.root, 'kept')
    mkdirSync(kept)
    writeFileSync(join(kept, 'file'), 'kept')
    for (const file of runFilesOf(it.paths, 'coder0')) {
      rmSync(file, { force: true })
      mkdirSync(join(file, 'deep'), { recursive: true })
      symlinkSync(kept, join(file, 'deep', 'link'))
    }
    await it.prepare()
    for (const file of [it.paths.envOf('coder0'), it.paths.contractOf('coder0')]) expect(lstatSync(file).isFile()).toBe(true)
    expect(lstatSync(it.paths.aliveOf('coder0')).isFIFO()).toBe(true)
    for (const file of [it.paths.heartbeatOf('coder0'), it.paths.linkOf('coder0'), it.paths.journalOf('coder0')])
      expect(existsSync(file)).toBe(false)
    expect(readFileSync(join(kept, 'file'), 'utf8')).toBe('kept')
  })

  it('says which file it is when one cannot be written', async () => {
    await using it = await world()
    await it.prepare()
    rmSync(it.paths.stateOf('coder0'), { recursive: true })
    writeFileSync(it.paths.stateOf('coder0'), '')
    const refusal = { code: 'not_done', message: expect.stringContaining(it.paths.stateOf('coder0')), mend: expect.any(String) }
    await expect(it.prepare()).rejects.toMatchObject(refusal)
  })

  it('hands on why a runtime is missing', async () => {
    await using it = await world()
    const locate = async () => {
      throw new FleetError('missing', 'no pi', { mend: 'npm i' })
    }
    await expect(it.prepare({ ...SHELL, locate })).rejects.toMatchObject({ code: 'missing', mend: 'npm i' })
  })
})

describe('after a launch', () => {
  it('no run file stays although each of them is a directory with something in it', async () => {
    await using it = await world()
    await it.prepare()
    for (const file of runFilesOf(it.paths, 'coder0')) {
      rmSync(file, { force: true })
      mkdirSync(join(file, 'deep'), { recursive: true })
    }
    removeRunFiles(it.paths, 'coder0')
    expect([...readdirSync(it.paths.run), ...readdirSync(it.paths.agents)]).toEqual([])
  })

  it('no run file of the agent stays, whatever its runtime was killed in the middle of, and none of another is touched', async () => {
    await using it = await world()
    await it.prepare()
    const { heartbeatOf, journalOf, linkOf } = it.paths
    for (const name of ['coder0', 'coder00']) {
      for (const file of [heartbeatOf(name), `${heartbeatOf(name)}.tmp`, journalOf(name), `${journalOf(name)}.1`, linkOf(name)]) {
        writeFileSync(file, '')
      }
    }
    mkdirSync(join(it.paths.stateOf('coder0'), 'conversation'), { recursive: true })
    removeRunFiles(it.paths, 'coder0')
    removeRunFiles(it.paths, 'coder0')
    const left = [...readdirSync(it.paths.run), ...readdirSync(it.paths.agents)]
    expect(left.filter((name) => name.startsWith('coder0.'))).toEqual([])
    expect(left.filter((name) => name.startsWith('coder00.'))).toHaveLength(5)
    expect(existsSync(join(it.paths.stateOf('coder0'), 'conversation'))).toBe(true)
  })
})
