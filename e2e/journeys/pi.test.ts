import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import type { AgentRecord } from '@mosaic/domain/agent-record'
import { readHeartbeat } from '@mosaic/host/heartbeat/observer'
import { distDirectory } from '@mosaic/host/programs'
import { writePiHome } from '@mosaic/testkit/fake-llm/pi-home'
import { type FakeLlm, startFakeLlm } from '@mosaic/testkit/fake-llm/server'
import { until } from '@mosaic/testkit/until'
import { describe, expect, it } from 'vitest'
import { type FleetOptions, FleetUnderTest } from '../fleet-under-test.ts'
import { filesBelow } from './files-below.ts'

const PI_PACKAGE = '@earendil-works/pi-coding-agent'
const INSTALL = `npm install -g ${PI_PACKAGE}`

interface PiWorld extends AsyncDisposable {
  fleet: FleetUnderTest
  llm: FakeLlm
}

const piManifest = join(import.meta.dirname, '..', '..', 'node_modules', PI_PACKAGE, 'package.json')

/** A home in which the operator has configured pi and used it once, with a model server of its own. */
async function piWorld(options: FleetOptions = {}): Promise<PiWorld> {
  const llm = await startFakeLlm()
  const fleet = await FleetUnderTest.make({ ownTmuxDirectory: true, ...options })
  // What pi itself notes at its first start, whoever starts it.
  const { version } = JSON.parse(readFileSync(piManifest, 'utf8')) as { version: string }
  const { agentDirectory } = writePiHome(fleet.home.home, llm.url, { settings: { lastChangelogVersion: version } })
  for (const name of ['auth.json', 'models-store.json']) writeFileSync(join(agentDirectory, name), '{}', { mode: 0o600 })
  return {
    fleet,
    llm,
    [Symbol.asyncDispose]: async () => {
      await fleet[Symbol.asyncDispose]()
      await llm.close()
    },
  }
}

/** The operator's own files: all but the conversations that pi keeps. */
const operatorFiles = ({ fleet }: PiWorld) => filesBelow(fleet.home.home, (path) => path.startsWith('.pi/agent/sessions/'))

describe('a fleet on pi', () => {
  it('comes up, answers, is paid for, and goes, leaving the operator’s configuration as it was', async () => {
    await using world = await piWorld()
    const { fleet, llm } = world
    const temporary = join(fleet.home.root, 't')
    mkdirSync(temporary)
    const before = operatorFiles(world)
    llm.script({ fallback: { text: 'the answer is forty-two' } })

    const up = await fleet.mosaic(['fleet', 'up', '--runtime', 'pi'], { env: { TMPDIR: temporary } })
    expect(up.status, up.stderr).toBe(0)
    expect(up.stdout).toMatch(/^orchestrator +orchestrator +pi +fake\/fake-model +healthy/m)
    expect(up.stdout).toMatch(/^enhancer +enhancer +pi +fake\/fake-model +healthy/m)

    const sent = await fleet.send('orchestrator', 'what is the answer?')
    expect(sent).toMatchObject({ status: 0, receipt: { state: 'accepted', signal: 'pi:input', mode: 'turn', attempts: 1, reason: null } })
    const { userTexts } = await llm.waitForRequest(({ kind }) => kind === 'model')
    expect(userTexts.at(-1)).toMatch(new RegExp(`^\\[.*:operator -> .*:orchestrator #${sent.receipt.id}\\]\nwhat is the answer\\?$`))
    await until(async () => (await fleet.ok(['agent', 'tail', 'orchestrator'])).includes('the answer is forty-two'), { withinMs: 60_000 })

    // A call is paid for before its turn is over.
    const isPaid = ({ spend_today_usd, activity }: AgentRecord) => (spend_today_usd ?? 0) > 0 && activity === 'idle'
    const paid = await fleet.agentThat('orchestrator', 'paid for and idle', isPaid)
    expect(paid).toMatchObject({ runtime: 'pi', model: 'fake/fake-model', flags: [] })
    expect(paid.tokens_today).toBeGreaterThan(0)
    expect(paid.context_used).toBeGreaterThan(0)
    expect((await fleet.agent('enhancer')).spend_today_usd ?? 0).toBe(0)
    expect(await fleet.ok(['agent', 'status', 'orchestrator'])).toMatch(/usage: +\d+ tokens today, \$\d/)

    const { socket_name } = await fleet.snapshot()
    expect((await fleet.mosaic(['fleet', 'stop'])).status).toBe(0)
    expect(fleet.home.leftovers()).toEqual({ processes: [], sockets: [] })
    expect(existsSync(join(dirname(fleet.home.tmuxSocketPath), socket_name ?? ''))).toBe(false)
    expect(llm.openCount()).toBe(0)
    expect(operatorFiles(world)).toEqual(before)
    // Caches of pi and of Node, by content, shared with the operator's own pi.
    expect(readdirSync(temporary).filter((name) => name !== 'jiti' && name !== 'node-compile-cache')).toEqual([])
    expect(
      readdirSync(fleet.home.root)
        .filter((name) => !name.startsWith('tmux-'))
        .sort(),
    ).toEqual(['h', 'm', 't'])
  })

  it('goes on with its conversation after a restart', async () => {
    await using world = await piWorld()
    const { fleet, llm } = world
    await fleet.ok(['fleet', 'up', '--runtime', 'pi'])
    await fleet.send('orchestrator', 'remember the number 4711')
    await llm.waitForRequest(({ outcome }) => outcome === 'answered')
    await fleet.agentThat('orchestrator', 'idle', ({ activity }) => activity === 'idle')
    const before = await fleet.agent('orchestrator')
    await fleet.ok(['fleet', 'restart', 'orchestrator'])
    await fleet.healthy('orchestrator')
    expect((await fleet.agent('orchestrator')).pid).not.toBe(before.pid)
    llm.clearRequests()
    expect((await fleet.send('orchestrator', 'which number?')).receipt.state).toBe('accepted')
    const { userTexts } = await llm.waitForRequest(({ kind }) => kind === 'model')
    expect(userTexts.join('\n')).toMatch(/remember the number 4711[\s\S]*which number\?/)
  })

  it('that idles answers heartbeats without asking its model anything', async () => {
    await using world = await piWorld({ heartbeatInterval: 0.5 })
    const { fleet, llm } = world
    await fleet.ok(['fleet', 'up', '--runtime', 'pi'])
    for (const name of ['orchestrator', 'enhancer']) {
      const stamps = new Set<number>()
      await until(() => {
        const read = readHeartbeat(fleet.paths.heartbeatOf(name))
        if (read !== undefined && 'beat' in read) stamps.add(read.beat.tsMs)
        return stamps.size >= 8
      })
      expect((await fleet.healthy(name)).activity).toBe('idle')
    }
    expect(llm.requests()).toEqual([])
  })
})

describe('pi that cannot be used', () => {
  /** This build where no package stands beside it, as an operator would have it who never installed pi. */
  async function installedAlone() {
    const fleet = await FleetUnderTest.make({ ownTmuxDirectory: true })
    const dist = join(fleet.home.root, 'dist')
    // Somebody may be building: what was half copied is copied again.
    await until(() => {
      cpSync(distDirectory, dist, { recursive: true, filter: (path) => !path.endsWith('.map') })
      return true
    })
    // A PATH with what a fleet needs, and no pi that this machine may have.
    const bin = join(fleet.home.root, 'bin')
    mkdirSync(bin)
    for (const name of ['tmux', 'setpriv', 'sh', 'tail', 'mkfifo']) {
      const found = (fleet.home.env['PATH'] ?? '').split(delimiter).map((directory) => join(directory, name))
      symlinkSync(found.find(existsSync) ?? name, join(bin, name))
    }
    return { fleet, bin, program: join(dist, 'mosaic.mjs') }
  }

  /** A package of pi as npm installs it globally; gives the directory for PATH. */
  function install(fleet: FleetUnderTest, version: string): string {
    const home = join(fleet.home.root, 'npm', 'lib', 'node_modules', PI_PACKAGE)
    const bin = join(fleet.home.root, 'npm', 'bin')
    mkdirSync(join(home, 'dist'), { recursive: true })
    mkdirSync(bin, { recursive: true })
    writeFileSync(join(home, 'package.json'), JSON.stringify({ name: PI_PACKAGE, version, bin: { pi: 'dist/cli.js' } }))
    writeFileSync(join(home, 'dist', 'cli.js'), '#!/usr/bin/env node\n', { mode: 0o755 })
    symlinkSync(join(home, 'dist', 'cli.js'), join(bin, 'pi'))
    return bin
  }

  it('because it is missing is told with the command that installs it, before anything is made', async () => {
    const { fleet, program, bin } = await installedAlone()
    await using _fleet = fleet
    const env = { PATH: bin }
    const up = await fleet.mosaic(['fleet', 'up', '--runtime', 'pi'], { program, env })
    expect(up).toEqual({
      status: 5,
      stdout: '',
      stderr: `mosaic: the runtime pi cannot be used: pi is not installed\n  mend:  ${INSTALL}\n`,
    })
    const asked = await fleet.mosaic(['fleet', 'up', '--runtime', 'pi', '--json'], { program, env })
    expect(asked.status).toBe(5)
    expect(JSON.parse(asked.stdout)).toMatchObject({ error: { code: 'missing', mend: INSTALL } })
    expect(readdirSync(fleet.home.mosaicHome)).toEqual([])
  })

  it('because it is too old is told with its version and the one that is needed', async () => {
    const { fleet, program, bin } = await installedAlone()
    await using _fleet = fleet
    const env = { PATH: [install(fleet, '0.86.9'), bin].join(delimiter) }
    const up = await fleet.mosaic(['fleet', 'up', '--runtime', 'pi'], { program, env })
    expect(up.status).toBe(5)
    expect(up.stderr).toBe(`mosaic: the runtime pi cannot be used: pi 0.86.9 is too old: at least 0.87.0 is needed\n  mend:  ${INSTALL}\n`)
    expect((await fleet.mosaic(['fleet', 'doctor'], { program, env })).stdout).toMatch(/runtime pi +pi 0\.86\.9 is too old/)
  })

  it('by a fleet that is defined already is told by every verb that would start it, and the others come up', async () => {
    const { fleet, program, bin } = await installedAlone()
    await using _fleet = fleet
    fleet.writeRoster(
      'defaults:\n  runtime: stub\n  working_directory: /tmp\nagents:\n  - name: orchestrator\n  - name: enhancer\n  - name: coder0\n    runtime: pi\n',
    )
    const env = { PATH: bin }
    const up = await fleet.mosaic(['fleet', 'up'], { program, env })
    expect(up.status).toBe(1)
    expect(up.stdout).toMatch(/^orchestrator .*healthy/m)
    expect(up.stdout).toMatch(/^coder0 .*dead/m)
    expect(up.stdout).toContain(`coder0: pi is not installed; mend: ${INSTALL}`)
    const start = await fleet.mosaic(['fleet', 'start', 'coder0'], { program, env })
    expect(start.status).toBe(1)
    expect(start.stdout).toContain(INSTALL)
    const add = await fleet.mosaic(['fleet', 'add', 'coder1', '--runtime', 'pi'], { program, env })
    expect(add.status).toBe(5)
    expect(add.stderr).toContain(INSTALL)
    expect((await fleet.mosaic(['agent', 'list'], { program, env })).stdout).not.toContain('coder1')
  })
})
