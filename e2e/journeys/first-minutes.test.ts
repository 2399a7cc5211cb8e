import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { until } from '@mosaic/testkit/until'
import { describe, expect, it } from 'vitest'
import { FleetUnderTest, TWO_STUBS } from '../fleet-under-test.ts'

/** Every file below a directory, relative, with its content. */
function filesOf(directory: string): Map<string, string> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(entries.map((entry) => [join(entry.parentPath, entry.name), readFileSync(join(entry.parentPath, entry.name), 'latin1')]))
}

describe('the first minutes', () => {
  it('brings up two healthy agents with one command, changes nothing with the second, and leaves nothing after stop', async () => {
    await using fleet = await FleetUnderTest.make()
    const operator = filesOf(fleet.home.home)

    const up = await fleet.mosaic(['fleet', 'up'])
    expect(up.status, up.stderr).toBe(0)
    expect(up.stdout).toMatch(/orchestrator .*healthy/)
    expect(up.stdout).toMatch(/enhancer .*healthy/)

    const before = await fleet.snapshot()
    const roster = readFileSync(fleet.paths.roster, 'utf8')
    const again = await fleet.mosaic(['fleet', 'up'])
    expect(again.status, again.stderr).toBe(0)
    expect(again.stdout).toContain('up already')
    const after = await fleet.snapshot()
    expect(after.agents.map(({ pid, session_id }) => [pid, session_id])).toEqual(
      before.agents.map(({ pid, session_id }) => [pid, session_id]),
    )
    expect(readFileSync(fleet.paths.roster, 'utf8')).toBe(roster)

    const sent = await fleet.send('orchestrator', 'good morning')
    expect(sent).toMatchObject({ status: 0, receipt: { state: 'accepted', signal: 'stub:accepted', attempts: 1 } })
    await until(async () => (await fleet.ok(['agent', 'tail', 'orchestrator'])).includes('good morning'))
    expect((await fleet.mosaic(['fleet', 'verify'])).status).toBe(0)

    const stop = await fleet.mosaic(['fleet', 'stop'])
    expect(stop.status, stop.stderr).toBe(0)
    expect(fleet.home.leftovers()).toEqual({ processes: [], sockets: [] })
    expect(existsSync(fleet.paths.run)).toBe(false)
    expect(before.socket_name).toMatch(/^mosaic-fleet-[0-9a-f]{6}$/)
    expect(existsSync(join(dirname(fleet.home.tmuxSocketPath), before.socket_name ?? ''))).toBe(false)
    // Nothing of the operator's own was touched.
    expect(filesOf(fleet.home.home)).toEqual(operator)
  })

  it('keep the conversation over a stop of the whole fleet', async () => {
    await using fleet = await FleetUnderTest.make({ roster: TWO_STUBS })
    await fleet.ok(['fleet', 'up'])
    expect(await fleet.send('orchestrator', 'remember the heron')).toMatchObject({ status: 0 })
    await fleet.agentThat('orchestrator', 'idle', ({ activity }) => activity === 'idle')
    await fleet.ok(['fleet', 'stop'])
    await fleet.ok(['fleet', 'up'])
    await until(async () => (await fleet.ok(['agent', 'tail', 'orchestrator'])).includes('remember the heron'))
  })
})
