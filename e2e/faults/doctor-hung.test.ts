/** `fleet doctor` beside parts that hang. */

import { freeze } from '@mosaic/testkit/faults'
import { describe, expect, it } from 'vitest'
import { FleetUnderTest, TWO_STUBS } from '../fleet-under-test.ts'

interface Found {
  check: string
  status: string
  detail: string
  mend: string | null
}

async function running() {
  const fleet = await FleetUnderTest.make({ roster: TWO_STUBS, ownTmuxDirectory: true })
  await fleet.ok(['fleet', 'up'])
  return fleet
}

/** What it found by check, and that it ended with 1. */
async function unfit(fleet: FleetUnderTest): Promise<Map<string, Found>> {
  const { status, stdout } = await fleet.mosaic(['fleet', 'doctor', '--json'])
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Found[] }
  expect([status, ok]).toEqual([1, false])
  return new Map(checks.map((one) => [one.check, one]))
}

const REST = ['node', 'tmux', 'disk', 'directory', 'roster', 'leftovers']

describe('the doctor of a fleet', () => {
  it('whose tmux server hangs shows that one with its mend, and looks at the rest', async (context) => {
    await using fleet = await running()
    const server = Number((await fleet.home.tmux('display-message', '-p', '#{pid}')).trim())
    await using _ = await freeze(server).catch((error: Error) => context.skip(error.message))
    const found = await unfit(fleet)
    expect(found.get('tmux server')).toMatchObject({ status: 'fail', mend: expect.stringContaining('kill -9') })
    expect(found.get('host service')?.status).toBe('ok')
    expect(REST.map((check) => [check, found.get(check)?.status])).toEqual(REST.map((check) => [check, 'ok']))
  })

  it('whose host service hangs shows that one with its mend, and looks at the rest', async (context) => {
    await using fleet = await running()
    await using _ = await freeze(await fleet.servicePid()).catch((error: Error) => context.skip(error.message))
    const found = await unfit(fleet)
    expect(found.get('host service')).toMatchObject({ status: 'fail', mend: expect.stringContaining('kill -9') })
    expect(found.get('tmux server')?.status).toBe('ok')
    expect(REST.map((check) => [check, found.get(check)?.status])).toEqual(REST.map((check) => [check, 'ok']))
    expect([...found.values()].filter(({ status }) => status === 'fail')).toHaveLength(1)
  })

  it('of which both hang shows both', async (context) => {
    await using fleet = await running()
    const server = Number((await fleet.home.tmux('display-message', '-p', '#{pid}')).trim())
    await using _ = await freeze([server, await fleet.servicePid()]).catch((error: Error) => context.skip(error.message))
    const found = await unfit(fleet)
    for (const check of ['tmux server', 'host service']) expect(found.get(check)?.status).toBe('fail')
    expect(REST.map((check) => [check, found.get(check)?.status])).toEqual(REST.map((check) => [check, 'ok']))
  })
})
