/** The roster of a running fleet is changed by hand to another tmux socket. */

import { writeFileSync } from 'node:fs'
import { connectService } from '@mosaic/host/service/client'
import { eventuallyDead, killNine } from '@mosaic/testkit/faults'
import { until } from '@mosaic/testkit/until'
import { describe, expect, it } from 'vitest'
import { FleetUnderTest } from '../fleet-under-test.ts'

const HEAD = 'version: 1\ntenant_id: acme\nhost: box\n'
const rosterOn = (socket: string, ...names: string[]) =>
  `${HEAD}tmux:\n  socket_name: ${socket}\ndefaults:\n  runtime: stub\n  working_directory: /tmp\nagents:\n${names.map((name) => `  - name: ${name}\n`).join('')}`

/** A fleet that runs, and whose roster then names another socket and another agent. */
async function moved() {
  const fleet = await FleetUnderTest.make({ ownTmuxDirectory: true })
  const first = rosterOn(fleet.home.tmuxSocket, 'orchestrator', 'enhancer')
  const second = rosterOn('another', 'orchestrator', 'enhancer', 'coder0')
  fleet.writeRoster('agents: []\n')
  writeFileSync(fleet.paths.roster, first)
  await fleet.ok(['fleet', 'up'])
  const pids = async () => (await fleet.snapshot()).agents.map(({ name, pid }) => [name, pid])
  const before = await pids()
  writeFileSync(fleet.paths.roster, second)
  return { fleet, first, pids, before, [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose]() }
}

const listens = (fleet: FleetUnderTest, socket: string) => fleet.home.leftovers().sockets.some(({ path }) => path.endsWith(`/${socket}`))

async function nothingIsLeft(fleet: FleetUnderTest): Promise<void> {
  await until(() => fleet.home.leftovers().processes.length === 0, { what: 'the end of every process' })
  expect(fleet.home.leftovers()).toEqual({ processes: [], sockets: [] })
}

describe('a roster that names another tmux socket under a running fleet', () => {
  it('is refused as a whole and shown so by each verb, until the fleet was stopped', async () => {
    await using it = await moved()
    const { fleet, before, pids } = it
    expect(await pids()).toEqual(before)
    for (const verb of ['ps', 'verify', 'doctor']) {
      const { status, stdout } = await fleet.mosaic(['fleet', verb])
      expect([verb, status, stdout]).toEqual([verb, verb === 'ps' ? 0 : 1, expect.stringContaining('stop the fleet first')])
    }
    for (const verb of ['up', 'restart']) {
      const { status, stderr } = await fleet.mosaic(['fleet', verb])
      expect([verb, status, stderr]).toEqual([verb, 4, expect.stringContaining('mosaic fleet stop')])
    }
    expect(await pids()).toEqual(before)
    expect(listens(fleet, 'another')).toBe(false)
    await fleet.ok(['fleet', 'stop'])
    await nothingIsLeft(fleet)
    await fleet.ok(['fleet', 'up'])
    const { agents, roster_problem, socket_name } = await fleet.snapshot()
    expect([agents.map(({ name }) => name), roster_problem, socket_name]).toEqual([['orchestrator', 'enhancer', 'coder0'], null, 'another'])
    expect(listens(fleet, 'another')).toBe(true)
    await fleet.ok(['fleet', 'stop'])
    await nothingIsLeft(fleet)
  })

  it('is refused by the service that tmux brings back as well, and taken as soon as it is put back', async () => {
    await using it = await moved()
    const { fleet, before, pids, first } = it
    const pid = await fleet.servicePid()
    killNine(pid)
    await eventuallyDead(pid)
    await until(async () => (await fleet.snapshot()).observer === 'up', { what: 'the return of the service' })
    const { roster_problem, socket_name, orphans } = await fleet.snapshot()
    expect([roster_problem, socket_name, orphans]).toEqual([expect.stringContaining('stop the fleet first'), fleet.home.tmuxSocket, []])
    expect(await pids()).toEqual(before)
    expect(listens(fleet, 'another')).toBe(false)
    writeFileSync(fleet.paths.roster, first)
    expect((await fleet.snapshot()).roster_problem).toBe(null)
    await fleet.ok(['fleet', 'verify'])
  })

  it('is refused where no service runs, by who looks and by who starts one; stopping ends the fleet where it is', async () => {
    await using it = await moved()
    const { fleet, before, pids } = it
    const pid = await fleet.servicePid()
    process.kill(pid, 'SIGTERM')
    await eventuallyDead(pid)
    expect(await connectService(fleet.paths)).toBeUndefined()
    const seen = await fleet.snapshot()
    expect([seen.observer, seen.roster_problem, seen.socket_name]).toEqual([
      'down',
      expect.stringContaining('stop the fleet first'),
      fleet.home.tmuxSocket,
    ])
    expect(await pids()).toEqual(before)
    const up = await fleet.mosaic(['fleet', 'up'])
    expect(up.stderr).toContain('is not in force')
    expect(await pids()).toEqual(before)
    process.kill(await fleet.servicePid(), 'SIGTERM')
    await until(async () => (await connectService(fleet.paths)) === undefined)
    await fleet.ok(['fleet', 'stop'])
    await nothingIsLeft(fleet)
  })
})
