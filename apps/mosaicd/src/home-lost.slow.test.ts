/** The home of a running fleet is removed, or removed and made again. */

import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { promisify } from 'node:util'
import { resolvePaths } from '@mosaic/host/paths'
import { programPath } from '@mosaic/host/programs'
import { connectService } from '@mosaic/host/service/client'
import { ensureService, serviceLogFile } from '@mosaic/host/service/start'
import { allHealthy, CORE, FleetHome, refusal } from '@mosaic/testkit/contracts/fleet-home'
import { eventuallyDead, killNine } from '@mosaic/testkit/faults'
import { until } from '@mosaic/testkit/until'
import { describe, expect, test } from 'vitest'
import { REVIVED_VARIABLE } from './revival.ts'

const run = promisify(execFile)

const pathsOf = (home: FleetHome) => resolvePaths({ env: home.env })
const serviceOf = (home: FleetHome) => ensureService(pathsOf(home), { env: home.env })
const logOf = (home: FleetHome): string => readFileSync(serviceLogFile(pathsOf(home)), 'utf8')
const hooksOf = (home: FleetHome) => home.tmux('show-hooks', '-t', '=mosaic-holder:')
const sessionsOf = async (home: FleetHome) => (await home.tmux('list-sessions', '-F', '#{session_name}')).trim().split('\n').sort()

/** A fleet that runs; gives the process of its service. */
async function running(home: FleetHome): Promise<number> {
  home.writeRoster(CORE)
  await using client = await serviceOf(home)
  await client.start()
  await allHealthy(client)
  return (await client.status()).pid
}

/** What an operator does who starts over, in one go. */
function madeAgain(home: FleetHome, agents = CORE): void {
  rmSync(home.fleet, { recursive: true })
  home.writeRoster(agents)
  mkdirSync(pathsOf(home).log)
}

describe('a host service whose home is removed', () => {
  test('ends by itself and is not brought back; the sessions stay', async () => {
    await using home = new FleetHome()
    const pid = await running(home)
    const before = await sessionsOf(home)
    rmSync(home.fleet, { recursive: true })
    await eventuallyDead(pid)
    expect(await sessionsOf(home)).toEqual(before)
    expect(await hooksOf(home)).not.toContain('MOSAIC_REVIVE')
    expect(existsSync(home.fleet)).toBe(false)
  })

  test('does so when it is asked for something, before it looks by itself', async () => {
    await using home = new FleetHome()
    const pid = await running(home)
    await using client = await connectService(pathsOf(home))
    rmSync(home.fleet, { recursive: true })
    expect(await refusal(client?.snapshot() ?? Promise.resolve())).toMatchObject({ code: 'not_done' })
    await eventuallyDead(pid)
  })
})

test('a host service that tmux brings back for a home that is gone makes none', async () => {
  await using home = new FleetHome()
  rmSync(home.mosaicHome, { recursive: true })
  const env = { ...home.env, [REVIVED_VARIABLE]: '1' }
  const { stdout, stderr } = await run(process.execPath, ['--disable-warning=ExperimentalWarning', programPath('mosaicd')], { env })
  expect([stdout, stderr, existsSync(home.mosaicHome)]).toEqual(['', '', false])
})

describe('a host service whose home is removed and made again', () => {
  test('gives way to the one that holds the new home, says why in the log, and neither puts the other out', async () => {
    await using home = new FleetHome()
    const old = await running(home)
    madeAgain(home)
    await using client = await serviceOf(home)
    const { pid } = await client.status()
    expect(pid).not.toBe(old)
    await eventuallyDead(old)
    expect(logOf(home)).toContain(`pid ${old}: the host service ends: its home ${home.mosaicHome} was removed`)
    await client.start()
    await allHealthy(client)
    expect((await client.status()).pid).toBe(pid)
    expect(existsSync(pathsOf(home).serviceSocket)).toBe(true)
    await until(async () => (await hooksOf(home)).includes('MOSAIC_REVIVE'))
    // Nobody was put out after the old one had gone.
    expect(logOf(home).split(`pid ${old}: the host service ends`)[1]).not.toContain('the tmux server is gone')
  })

  test('is replaced even where it cannot act any more for itself', async () => {
    await using home = new FleetHome()
    const old = await running(home)
    process.kill(old, 'SIGSTOP')
    madeAgain(home)
    await using client = await serviceOf(home)
    const { pid } = await client.status()
    await client.start()
    await allHealthy(client)
    process.kill(old, 'SIGCONT')
    await eventuallyDead(old)
    await allHealthy(client)
    expect((await client.status()).pid).toBe(pid)
    killNine(pid)
    await eventuallyDead(pid)
    // It is the new one's revival that is armed.
    await until(() => logOf(home).split('the host service listens').length > 2, { what: 'the return of the new service' })
    await using next = await serviceOf(home)
    await allHealthy(next)
  })

  test('leaves agents that the stop of the new fleet ends, also those that its roster does not name', async () => {
    await using home = new FleetHome()
    const old = await running(home)
    madeAgain(home, [{ name: 'orchestrator' }, { name: 'coder0' }])
    await using client = await serviceOf(home)
    expect((await client.snapshot()).orphans.map(({ session }) => session)).toEqual(['enhancer'])
    await client.start()
    await allHealthy(client)
    const { pid } = await client.status()
    await client.shutdown()
    for (const one of [old, pid]) await eventuallyDead(one)
    await until(() => home.leftovers().processes.length === 0, { what: 'the end of every process of either life' })
    expect(home.leftovers()).toEqual({ processes: [], sockets: [] })
  })
})
