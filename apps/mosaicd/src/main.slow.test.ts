/** The host service as a process of its own: killed, stopped, replaced, short of disk. */

import { execFile, execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { FleetError } from '@mosaic/domain/error'
import { FAULT_POINTS } from '@mosaic/host/mailbox/fault-point'
import { resolvePaths } from '@mosaic/host/paths'
import { programPath } from '@mosaic/host/programs'
import { connectService, type ServiceClient } from '@mosaic/host/service/client'
import { ensureService, serviceLogFile } from '@mosaic/host/service/start'
import {
  agentIs,
  allHealthy,
  CORE,
  FleetHome,
  healthIs,
  isBack,
  listenTo,
  pidOf,
  type RosterEntry,
  refusal,
} from '@mosaic/testkit/contracts/fleet-home'
import { eventuallyDead, type FullDisk, fullDisk, killNine } from '@mosaic/testkit/faults'
import { environmentOf, isAlive, processFacts } from '@mosaic/testkit/processes'
import { until } from '@mosaic/testkit/until'
import { describe, expect, test } from 'vitest'
import { REVIVED_VARIABLE, revivalsFile } from './revival.ts'

const run = promisify(execFile)

interface Scene {
  home: FleetHome
  client: ServiceClient
  /** Of the first service. */
  pid: number
}

interface SceneOptions {
  env?: Readonly<Record<string, string>>
  agents?: (home: FleetHome) => readonly RosterEntry[]
}

const pathsOf = (home: FleetHome) => resolvePaths({ env: home.env })
const serviceOf = (home: FleetHome, env: Readonly<Record<string, string>> = {}) =>
  ensureService(pathsOf(home), { env: { ...home.env, ...env } })
const logOf = (home: FleetHome): string => readFileSync(serviceLogFile(pathsOf(home)), 'utf8')

const scene =
  (act: (scene: Scene) => Promise<void>, options: SceneOptions = {}) =>
  async () => {
    await using home = new FleetHome(options.env === undefined ? {} : { env: options.env })
    home.writeRoster(options.agents?.(home) ?? CORE)
    await using client = await serviceOf(home)
    await client.start()
    await allHealthy(client)
    await act({ home, client, pid: (await client.status()).pid })
  }

/** The service that came after `pid`, by itself. */
const successorOf = (home: FleetHome, pid: number, paths = pathsOf(home)): Promise<ServiceClient> =>
  until(
    async () => {
      const client = await connectService(paths)
      // The one that was killed may still answer the door for a moment, and nothing more.
      const answered = await client?.status().catch(() => undefined)
      if (client === undefined || (answered !== undefined && answered.pid !== pid)) return client
      await client[Symbol.asyncDispose]()
      return undefined
    },
    { what: `a host service after process ${pid}` },
  )

/** Kills the service and gives its successor. */
async function killed(home: FleetHome, pid: number): Promise<ServiceClient> {
  killNine(pid)
  await eventuallyDead(pid)
  return successorOf(home, pid)
}

/** As if all of them had been just now: a slow machine takes longer for ten than the time in which they are counted. */
function gatherRevivals(home: FleetHome): void {
  const file = revivalsFile(pathsOf(home))
  const { length } = JSON.parse(readFileSync(file, 'utf8')) as number[]
  writeFileSync(file, JSON.stringify(Array(length).fill(Date.now())))
}

async function terminated(pid: number): Promise<void> {
  process.kill(pid, 'SIGTERM')
  await eventuallyDead(pid)
}

/** Not even a word fits into the log any more. */
function fillWithLog(home: FleetHome, disk: FullDisk): void {
  const log = serviceLogFile(pathsOf(home))
  appendFileSync(log, `${'.'.repeat(4095 - (statSync(log).size % 4096))}\n`)
  disk.fill()
}

/** Sessions and processes, by which an agent is known as the same one. */
const bodies = async (client: ServiceClient) => (await client.snapshot()).agents.map(({ name, pid, session_id }) => [name, pid, session_id])

describe('a second host service', () => {
  test(
    'ends at once, quietly, and as done: the first one goes on',
    scene(async ({ home, client, pid }) => {
      const { stdout, stderr } = await run(process.execPath, ['--disable-warning=ExperimentalWarning', programPath('mosaicd')], {
        env: home.env,
      })
      expect(stdout).toBe('')
      expect(stderr).toMatch(/^\S+ pid \d+: another host service runs already\n$/)
      expect((await client.status()).pid).toBe(pid)
      await allHealthy(client)
    }),
  )
})

describe('a host service that is killed', () => {
  test(
    'is brought back by tmux and takes over the same agents, messages and deaths',
    scene(async ({ home, client, pid }) => {
      const before = await bodies(client)
      await client.stop(['enhancer'])
      const message = home.message('enhancer', 'sent before')
      await client.send(message)
      await using next = await killed(home, pid)
      expect((await bodies(next))[0]).toEqual(before[0])
      await next.start(['enhancer'])
      expect(await next.waitForReceipt(message.id, 20_000)).toMatchObject({ state: 'accepted', attempts: 1 })
      const agent = await pidOf(next, 'orchestrator')
      killNine(agent)
      await isBack(next, 'orchestrator', agent)
    }),
  )

  test(
    'together with an agent finds out how that one ended, and brings it back',
    scene(async ({ home, client, pid }) => {
      const [dead, alive] = [await pidOf(client, 'enhancer'), await pidOf(client, 'orchestrator')]
      killNine(pid)
      killNine(dead)
      await eventuallyDead(pid)
      await using next = await successorOf(home, pid)
      expect((await isBack(next, 'enhancer', dead)).supervisor.last_exit).toBe('signal 9')
      expect(await healthIs(next, 'orchestrator', 'healthy')).toMatchObject({ pid: alive })
    }),
  )

  test(
    'while it stops an agent finishes that after its return',
    scene(
      async ({ home, client, pid }) => {
        const agent = await pidOf(client, 'coder0')
        client.stop(['coder0']).catch(() => {})
        await agentIs(client, 'coder0', ({ supervisor }) => supervisor.state === 'stopping', 'being stopped')
        await using next = await killed(home, pid)
        await agentIs(next, 'coder0', ({ pane, supervisor }) => pane === 'none' && supervisor.state === 'down', 'being down')
        await eventuallyDead(agent)
      },
      { agents: (home) => [home.fakeAgent('coder0', ['cooperative', 'stubborn'])] },
    ),
  )

  test(
    'keeps the environment that it was started with, and hands it to what it launches afterwards',
    scene(
      async ({ home, pid }) => {
        await using next = await killed(home, pid)
        const { pid: nextPid } = await next.status()
        expect(environmentOf(nextPid)).toContain(`${REVIVED_VARIABLE}=1`)
        const agent = await pidOf(next, 'enhancer')
        await next.restart(['enhancer'])
        const { pid: restarted } = await isBack(next, 'enhancer', agent)
        expect(environmentOf(restarted ?? 0)).toContain('HTTPS_PROXY=http://proxy.invalid:1')
        expect(environmentOf(restarted ?? 0).join('\n')).not.toContain(REVIVED_VARIABLE)
      },
      { env: { HTTPS_PROXY: 'http://proxy.invalid:1' } },
    ),
  )

  test(
    'again and again is left dead after ten times; an operator starts it as ever, and no agent noticed',
    scene(async ({ home, client, pid }) => {
      const before = await bodies(client)
      let latest = pid
      for (let time = 1; time <= 10; time += 1) {
        gatherRevivals(home)
        await using next = await killed(home, latest)
        latest = (await next.status()).pid
      }
      killNine(latest)
      await until(() => logOf(home).includes('died too often and is not started again by itself'))
      expect(await connectService(pathsOf(home))).toBeUndefined()
      await using started = await serviceOf(home)
      await allHealthy(started)
      expect(await bodies(started)).toEqual(before)
    }),
  )

  test.each(FAULT_POINTS)('at the point %s of a delivery loses nothing and delivers nothing twice', async (point) => {
    await using home = new FleetHome()
    home.writeRoster([home.fakeAgent('coder0', ['cooperative'])])
    await using client = await serviceOf(home, { MOSAIC_FAULT: point })
    const { pid } = await client.status()
    await client.start()
    await healthIs(client, 'coder0', 'healthy')
    const message = home.message('coder0', 'exactly once')
    const answer = await client.send(message).catch((error: FleetError) => error)
    await eventuallyDead(pid)
    await using next = await successorOf(home, pid)
    // Who got no receipt sends the same again.
    if (!('state' in answer)) await next.send(message)
    expect((await next.waitForReceipt(message.id, 20_000)).state).toBe('accepted')
    const after = home.message('coder0', 'the next one')
    await next.send(after)
    expect((await next.waitForReceipt(after.id, 20_000)).state).toBe('accepted')
    await until(() => home.submits().some(({ id }) => id === after.id))
    expect(home.submits().map(({ id }) => id)).toEqual([message.id, after.id])
  })
})

describe('a host service among broken files', () => {
  test(
    'is brought back although a FIFO stands in the place of its log',
    scene(async ({ home, client, pid }) => {
      const before = await bodies(client)
      const file = serviceLogFile(pathsOf(home))
      rmSync(file)
      execFileSync('mkfifo', [file])
      await using next = await killed(home, pid)
      expect(await bodies(next)).toEqual(before)
    }),
  )

  test('is brought back into a run directory that an operator named', async () => {
    await using home = new FleetHome()
    home.writeRoster(CORE)
    const env = { MOSAIC_HEARTBEAT_RUN_DIR: join(home.root, 'operators-run') }
    const paths = resolvePaths({ env: { ...home.env, ...env } })
    await using client = await ensureService(paths, { env: { ...home.env, ...env } })
    await client.start()
    await allHealthy(client)
    const before = await bodies(client)
    const { pid } = await client.status()
    killNine(pid)
    await eventuallyDead(pid)
    await using next = await successorOf(home, pid, paths)
    const { pid: nextPid } = await next.status()
    expect(await bodies(next)).toEqual(before)
    await allHealthy(next)
    await next.shutdown()
    await eventuallyDead(nextPid)
  })

  test(
    'sets a broken spool and usage ledger aside, tells of it, accepts nothing twice, and can be stopped',
    scene(async ({ home, client, pid }) => {
      const [spool, usage] = [join(home.fleet, 'spool', 'spool.db'), join(home.fleet, 'state', 'usage.db')]
      const message = home.message('enhancer', 'once')
      await client.send(message)
      expect(await client.waitForReceipt(message.id, 20_000)).toMatchObject({ state: 'accepted' })
      await terminated(pid)
      writeFileSync(spool, 'garbage'.repeat(1_000))
      rmSync(usage)
      execFileSync('mkfifo', [usage])
      await using next = await serviceOf(home)
      await allHealthy(next)
      expect(logOf(home).match(/BROKEN: the (spool|usage ledger) cannot be used/g)).toHaveLength(2)
      expect((await next.snapshot()).observer_note).toContain('the spool and the usage ledger')
      for (const file of [spool, usage]) {
        expect(
          readdirSync(dirname(file)).filter((name) => /\.db\.bad-\d{8}T\d{6}Z$/.test(name) && name.startsWith(basename(file))),
        ).toHaveLength(1)
      }
      // What the lost spool knew is not known: neither as accepted, nor as anything else.
      await expect(next.receipt(message.id)).rejects.toMatchObject({ code: 'not_found' })
      await next.send(message)
      const again = await next.waitForReceipt(message.id, 20_000)
      expect([again.state, again.signal]).toEqual(['accepted', expect.stringContaining('duplicate')])
      expect((await next.shutdown()).map(({ did }) => did)).toEqual(['stopped', 'stopped'])
    }),
  )

  test(
    'stops and restarts its agents although directories stand in the places of their run files',
    scene(async ({ home, client }) => {
      const plant = (name: string) => {
        for (const suffix of ['.hb', '.contract.md', '.link', '.alive', '.signals.jsonl.1']) {
          rmSync(join(home.run, `${name}${suffix}`), { force: true })
          mkdirSync(join(home.run, `${name}${suffix}`, 'deep'), { recursive: true })
        }
      }
      plant('enhancer')
      expect(await client.restart(['enhancer'])).toMatchObject([{ did: 'restarted' }])
      await allHealthy(client)
      plant('orchestrator')
      expect(await client.stop(['orchestrator'])).toMatchObject([{ did: 'stopped' }])
      expect(readdirSync(home.run).filter((name) => name.startsWith('orchestrator.'))).toEqual([])
      plant('orchestrator')
      expect(await client.start(['orchestrator'])).toMatchObject([{ did: 'started' }])
      await allHealthy(client)
    }),
  )
})

describe('a host service that is told to end', () => {
  test(
    'leaves the agents alone and is not brought back; the next one takes them over',
    scene(async ({ home, client, pid }) => {
      const before = await bodies(client)
      await terminated(pid)
      const beats = () => readFileSync(join(home.run, 'enhancer.hb'), 'utf8')
      // Long after a revival would have been seen the agents answer, and nobody listens.
      for (let beat = 0, last = beats(); beat < 3; beat += 1) last = await until(() => beats() !== last && beats())
      expect(await connectService(pathsOf(home))).toBeUndefined()
      expect(existsSync(pathsOf(home).serviceSocket)).toBe(false)
      expect(logOf(home).match(/the host service listens/g)).toHaveLength(1)
      expect(logOf(home)).toContain('the host service ends: SIGTERM; agents go on')
      await using next = await serviceOf(home)
      await allHealthy(next)
      expect(await bodies(next)).toEqual(before)
    }),
  )

  test(
    'with the whole fleet ends every process and removes every socket and run file',
    scene(async ({ home, client, pid }) => {
      expect((await client.shutdown()).map(({ did }) => did)).toEqual(['stopped', 'stopped'])
      await eventuallyDead(pid)
      await until(() => home.leftovers().processes.length === 0)
      expect(home.leftovers()).toEqual({ processes: [], sockets: [] })
      expect([existsSync(home.run), existsSync(join(home.fleet, 'agents'))]).toEqual([false, false])
      expect(logOf(home)).toContain('the host service ends: the fleet was stopped')
    }),
  )
})

describe('a host service that is stopped and goes on', () => {
  test(
    'declares nobody late for the time in which it did not look itself, and says that it did not',
    scene(
      async ({ home, client, pid }) => {
        const stamps = () =>
          CORE.map(({ name }) => Date.parse(/^ts=(.*)$/m.exec(readFileSync(join(home.run, `${name}.hb`), 'utf8'))?.[1] ?? ''))
        const before = stamps()
        process.kill(pid, 'SIGSTOP')
        await until(() => processFacts(pid)?.state === 'T')
        await until(() => stamps().every((stamp, index) => stamp > (before[index] ?? 0) + 7_000), { what: 'seven seconds of heartbeats' })
        const answer = client.snapshot()
        process.kill(pid, 'SIGCONT')
        const snapshots = [await answer, await client.snapshot(), await client.snapshot()]
        for (const { agents, observer_note } of snapshots) {
          expect(agents.map(({ health, health_reason }) => [health, health_reason])).toEqual([
            ['healthy', null],
            ['healthy', null],
          ])
          expect(observer_note).toMatch(/^the observer itself was stopped for \d+\.\d s/)
        }
      },
      { env: { MOSAIC_HEARTBEAT_INTERVAL: '2' } },
    ),
  )
})

describe('a host service whose tmux server', () => {
  test(
    'is killed starts it again with everybody in it, and can still be brought back itself',
    scene(async ({ home, client, pid }) => {
      const { agents } = await client.snapshot()
      for (const _ of [1, 2]) {
        const server = await home.serverPid()
        const now = (await client.snapshot()).agents
        killNine(server)
        await eventuallyDead(server)
        for (const agent of now) await isBack(client, agent.name, agent.pid)
      }
      expect((await client.status()).pid).toBe(pid)
      for (const { supervisor } of (await allHealthy(client)).agents) expect(supervisor.restarts).toBe(0)
      expect(agents).toHaveLength(2)
      await using next = await killed(home, pid)
      await allHealthy(next)
    }),
  )

  test(
    'loses its one client attaches another, and can still be brought back itself',
    scene(async ({ home, client, pid }) => {
      const before = await bodies(client)
      const watching = async () => Number((await home.tmux('list-clients', '-F', '#{client_pid}')).trim())
      const old = await watching()
      killNine(old)
      await eventuallyDead(old)
      await until(async () => (await watching()) > 0 && (await home.tmux('show-hooks', '-t', '=mosaic-holder:')).includes('MOSAIC_REVIVE'))
      expect((await client.status()).pid).toBe(pid)
      await using next = await killed(home, pid)
      expect(await bodies(next)).toEqual(before)
    }),
  )

  test(
    'loses its holder makes another one, and no agent notices',
    scene(async ({ home, client, pid }) => {
      const before = await bodies(client)
      await home.tmux('kill-session', '-t', '=mosaic-holder:')
      await until(async () => (await home.tmux('list-sessions', '-F', '#{session_name}')).includes('mosaic-holder'))
      // Attached again: it can be brought back.
      await until(async () => (await home.tmux('list-clients', '-F', '#{session_name}')).includes('mosaic-holder'))
      await until(async () => (await home.tmux('show-hooks', '-t', '=mosaic-holder:')).includes('MOSAIC_REVIVE'))
      expect(await bodies(client)).toEqual(before)
      await using next = await killed(home, pid)
      expect(await bodies(next)).toEqual(before)
    }),
  )
})

describe('two fleets of one user on one tmux socket', () => {
  test('with one holder: the second is refused at its start, with the mend, and the first does not notice', async () => {
    await using one = new FleetHome()
    await using two = new FleetHome()
    one.writeRoster(CORE)
    two.writeRoster(CORE, { tmux: { socket_name: one.tmuxSocket } })
    await using first = await serviceOf(one)
    await first.start()
    await allHealthy(first)
    const before = await bodies(first)
    const refused = await refusal(serviceOf(two))
    expect(refused.message).toContain(`the fleet of ${one.mosaicHome} lives on this tmux socket already`)
    expect(refused.message).toContain('tmux.socket_name')
    expect(await bodies(first)).toEqual(before)
    expect(logOf(one)).not.toContain('the tmux server is gone')
    const { pid } = await first.status()
    await using again = await killed(one, pid)
    expect(await bodies(again)).toEqual(before)
  })

  test('with a holder each: they touch neither agents, nor services, nor the return of a killed one', async () => {
    await using one = new FleetHome()
    await using two = new FleetHome()
    one.writeRoster([{ name: 'orchestrator' }, { name: 'coder1' }])
    two.writeRoster([{ name: 'orchestrator' }, { name: 'coder2' }], {
      tmux: { socket_name: one.tmuxSocket, holder_session: 'another-holder' },
    })
    await using first = await serviceOf(one)
    await using second = await serviceOf(two)
    await first.start()
    await allHealthy(first)
    expect((await second.start()).map(({ did }) => did)).toEqual(['failed', 'started'])
    await healthIs(second, 'coder2', 'healthy')
    const before = await bodies(first)
    await using firstAgain = await killed(one, (await first.status()).pid)
    await using secondAgain = await killed(two, (await second.status()).pid)
    await allHealthy(firstAgain)
    await healthIs(secondAgain, 'coder2', 'healthy')
    expect(logOf(one) + logOf(two)).not.toContain('the tmux server is gone')
    await secondAgain.shutdown()
    await allHealthy(firstAgain)
    expect(await bodies(firstAgain)).toEqual(before)
  })
})

describe('a host service that finds a faulty roster at its start', () => {
  test(
    'uses the last good one, and says so until it is mended',
    scene(async ({ home, client, pid }) => {
      const before = await bodies(client)
      await terminated(pid)
      writeFileSync(home.roster, 'version: 1\nagents:\n  - name: orchestrator\n  - nam: enhancer\n')
      await using next = await serviceOf(home)
      expect((await next.snapshot()).roster_problem).toMatch(/roster\.yaml:4:5/)
      await allHealthy(next)
      expect(await bodies(next)).toEqual(before)
      const agent = await pidOf(next, 'enhancer')
      killNine(agent)
      await isBack(next, 'enhancer', agent)
      home.writeRoster(CORE)
      expect(await next.reload()).toEqual({ applied: true, problem: null })
      expect((await next.snapshot()).roster_problem).toBe(null)
    }),
  )
})

describe('a host service on a full disk', () => {
  test('that is killed there is brought back, and takes over what runs', async (context) => {
    await using home = new FleetHome()
    await using disk = await fullDisk({ at: home.mosaicHome, sizeKiB: 4096 }).catch((error: FleetError) => context.skip(error.message))
    await using _processes = { [Symbol.asyncDispose]: () => home.endProcesses() }
    home.writeRoster(CORE)
    await using client = await serviceOf(home)
    const { pid } = await client.status()
    await client.start()
    await allHealthy(client)
    const before = await bodies(client)
    fillWithLog(home, disk)
    await using next = await killed(home, pid)
    expect(await bodies(next)).toEqual(before)
    disk.relieve()
    await allHealthy(next)
    const message = home.message('enhancer', 'room again')
    await next.send(message)
    expect((await next.waitForReceipt(message.id, 20_000)).state).toBe('accepted')
  })

  test('lives, supervises on and is well once there is room', async (context) => {
    await using home = new FleetHome({ env: { MOSAIC_RESTART_DELAY_MS: '10' } })
    await using disk = await fullDisk({ at: home.mosaicHome, sizeKiB: 4096 }).catch((error: FleetError) => context.skip(error.message))
    await using _processes = { [Symbol.asyncDispose]: () => home.endProcesses() }
    // What is written for each launch is then more than the little that a launch frees.
    home.writeRoster([...CORE, ...Array.from({ length: 100 }, (_, index) => ({ name: `worker${index}` }))])
    await using client = await serviceOf(home)
    const { pid } = await client.status()
    const core = CORE.map(({ name }) => name)
    await client.start(core)
    await allHealthy(client, core)
    const [agent, sibling] = [await pidOf(client, 'enhancer'), await pidOf(client, 'orchestrator')]
    await using heard = listenTo(client)
    await client.status()
    fillWithLog(home, disk)
    killNine(agent)
    await until(() => heard.events.filter(({ detail }) => String(detail['detail']).includes('ENOSPC')).length > 2)
    const message = home.message('orchestrator', 'no room')
    await expect(client.send(message)).rejects.toMatchObject({ code: 'not_done' })
    expect((await client.status()).pid).toBe(pid)
    expect(await client.agent('orchestrator')).toMatchObject({ pid: sibling, pane: 'alive' })
    disk.relieve()
    await isBack(client, 'enhancer', agent)
    await healthIs(client, 'orchestrator', 'healthy')
    await client.send(message)
    expect((await client.waitForReceipt(message.id, 20_000)).state).toBe('accepted')
    expect((await client.status()).pid).toBe(pid)
  })
})

test('a host service that is started from within an agent’s pane is no part of that agent', async () => {
  await using home = new FleetHome()
  home.writeRoster(CORE)
  const agent = { MOSAIC_AGENT: 'enhancer', MOSAIC_LAUNCH_ID: 'x', MOSAIC_JOURNAL: '/dev/null', TMUX: '/tmp/x,1,2', TMUX_PANE: '%1' }
  await using client = await serviceOf(home, agent)
  const { pid } = await client.status()
  const names = environmentOf(pid).map((entry) => entry.split('=')[0] ?? '')
  expect(names.filter((name) => name in agent)).toEqual([])
  expect(names).toContain('MOSAIC_HOME')
  expect(isAlive(pid)).toBe(true)
})
