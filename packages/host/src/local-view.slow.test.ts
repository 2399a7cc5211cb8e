import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { FleetSnapshotSchema } from '@mosaic/domain/agent-record'
import { allHealthy, CORE, FleetHome, healthIs, pidOf, refusal } from '@mosaic/testkit/contracts/fleet-home'
import { eventuallyDead, killNine } from '@mosaic/testkit/faults'
import { until } from '@mosaic/testkit/until'
import { describe, expect, test } from 'vitest'
import { openLocalFleet } from './fixtures/local-fleet-of.ts'
import type { LocalFleet } from './local-fleet.ts'
import { localSnapshot } from './local-view.ts'
import { resolvePaths } from './paths.ts'

const look = (home: FleetHome) => localSnapshot(resolvePaths({ env: home.env }), home.env)

/** A fleet that was up, and whose host service has ended. */
async function left(home: FleetHome, act: (fleet: LocalFleet) => Promise<void> = async () => {}): Promise<void> {
  // A slow machine would take longer for more deaths than the time in which they are counted.
  await using opened = await openLocalFleet({ env: home.env, policy: { maxRestarts: 1 } })
  await opened.fleet.start()
  await allHealthy(opened.fleet)
  await act(opened.fleet)
}

/** Every file of the home with its size and time of change. Sockets and heartbeats are the runtimes' own. */
function filesOf(home: FleetHome): string[] {
  const entries = readdirSync(home.root, { recursive: true, withFileTypes: true })
  const kept = entries.filter((entry) => entry.isDirectory() || (entry.isFile() && !/\.(hb|tmp|jsonl)$/.test(entry.name)))
  return kept
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => `${path} ${statSync(path).isFile() ? `${statSync(path).size} ${statSync(path).mtimeMs}` : ''}`)
    .sort()
}

describe('without the host service', () => {
  test('running agents are shown, and that nobody judged their answers is said', async () => {
    await using home = new FleetHome()
    home.writeRoster(CORE)
    let pid = 0
    await left(home, async (fleet) => {
      pid = await pidOf(fleet, 'enhancer')
    })
    const snapshot = await look(home)
    expect(FleetSnapshotSchema.parse(snapshot)).toEqual(snapshot)
    expect(snapshot).toMatchObject({ observer: 'down', supervisor: 'embedded', paused: false, socket_name: home.tmuxSocket, orphans: [] })
    for (const agent of snapshot.agents) {
      expect(agent).toMatchObject({ health: 'unknown', health_reason: 'observer down', pane: 'alive', activity: null, flags: [] })
      expect(agent).toMatchObject({ supervisor: { wanted: true, state: 'up' } })
      expect(agent.heartbeat_age_s).toBeGreaterThanOrEqual(0)
    }
    expect(snapshot.agents[1]).toMatchObject({ name: 'enhancer', pid })
  })

  test('a look changes nothing: no file, no process, no tmux server', async () => {
    await using home = new FleetHome()
    home.writeRoster(CORE)
    const fresh = filesOf(home)
    expect((await look(home)).agents).toMatchObject([{ health: 'stopped' }, { health: 'stopped' }])
    expect(filesOf(home)).toEqual(fresh)
    expect(home.leftovers()).toEqual({ processes: [], sockets: [] })
    await left(home)
    const [before, pids] = [filesOf(home), home.leftovers().processes.map(({ pid }) => pid)]
    await look(home)
    expect(filesOf(home)).toEqual(before)
    expect(home.leftovers().processes.map(({ pid }) => pid)).toEqual(pids)
  })

  test('what died, was stopped, was given up, drifts, or is nobody’s shows as that', async () => {
    await using home = new FleetHome()
    const looping = { name: 'coder0', command: ['sh', '-c', 'exit 3'] }
    home.writeRoster([...CORE, { name: 'coder1' }, { name: 'coder2' }])
    await left(home, async (fleet) => {
      await fleet.stop(['coder1'])
      home.writeRoster([...CORE, { name: 'coder1' }, { name: 'coder2' }, looping])
      await fleet.reload()
      await fleet.start(['coder0'])
      await until(async () => (await fleet.agent('coder0')).supervisor.state === 'failed')
    })
    home.writeRoster([...CORE, { name: 'coder1' }, { name: 'coder2', model_hint: 'm-2' }, looping])
    const { agents } = await look(home)
    const pid = agents.find(({ name }) => name === 'enhancer')?.pid ?? 0
    killNine(pid)
    await eventuallyDead(pid)
    const stray = await home.foreignSession('stray')
    const snapshot = await until(async () => {
      const now = await look(home)
      return now.agents[1]?.pane === 'dead' && now
    })
    expect(snapshot.agents).toMatchObject([
      { name: 'orchestrator', health: 'unknown' },
      { name: 'enhancer', health: 'dead', pid: null, heartbeat_age_s: null },
      { name: 'coder1', health: 'stopped', pane: 'none' },
      { name: 'coder2', health: 'unknown', flags: ['DRIFT'], flag_reasons: { DRIFT: 'model: runs the default, roster says m-2' } },
      {
        name: 'coder0',
        health: 'dead',
        health_reason: expect.stringContaining('exit 3'),
        supervisor: { state: 'failed', last_exit: 'exit 3' },
      },
    ])
    expect(snapshot.orphans).toEqual([{ session: 'stray', pid: stray, command: 'cat' }])
  })

  test('a paused fleet shows as paused', async () => {
    await using home = new FleetHome()
    home.writeRoster(CORE)
    await left(home, (fleet) => fleet.pause())
    expect(await look(home)).toMatchObject({ paused: true, agents: [{ flags: ['PAUSED'] }, { flags: ['PAUSED'] }] })
  })

  test('a faulty roster is told with its place, beside the last good one where there is one', async () => {
    await using home = new FleetHome()
    const faulty = 'version: 1\nagents: 5\n'
    home.writeRosterText(faulty)
    expect(await refusal(look(home))).toMatchObject({ code: 'invalid', message: expect.stringContaining('roster.yaml:2:9') })
    home.writeRoster(CORE)
    await left(home)
    home.writeRosterText(faulty)
    const { roster_problem, agents } = await look(home)
    expect(roster_problem).toContain('roster.yaml:2:9')
    expect(agents).toMatchObject([{ pane: 'alive' }, { pane: 'alive' }])
  })

  test('what it shows is what the host service finds when it is back', async () => {
    await using home = new FleetHome()
    home.writeRoster(CORE)
    await left(home)
    const seen = (await look(home)).agents.map(({ name, pid, session_id }) => [name, pid, session_id])
    await using opened = await openLocalFleet({ env: home.env })
    await healthIs(opened.fleet, 'enhancer', 'healthy')
    expect((await opened.fleet.snapshot()).agents.map(({ name, pid, session_id }) => [name, pid, session_id])).toEqual(seen)
  })
})
