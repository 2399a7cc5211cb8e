import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { allHealthy, CORE, FleetHome, healthIs, isBack, pidOf, refusal } from '@mosaic/testkit/contracts/fleet-home'
import { killNine } from '@mosaic/testkit/faults'
import { until } from '@mosaic/testkit/until'
import { describe, expect, test } from 'vitest'
import { Acting } from './audit/acting.ts'
import { openLocalFleet } from './fixtures/local-fleet-of.ts'
import { resolvePaths } from './paths.ts'
import { readRecord, writeRecord } from './supervisor/embedded/record.ts'

const audited = (file: string): { verb: string; agent: string | null; actor: string }[] =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('ending a fleet', () => {
  test('refuses what would start something while it is being stopped, and leaves nothing', async () => {
    await using home = new FleetHome()
    home.writeRoster(CORE)
    await using opened = await openLocalFleet({ env: home.env })
    const { fleet } = opened
    await fleet.start()
    await allHealthy(fleet)
    const ended = fleet.shutdown()
    for (const act of [
      () => fleet.start(['enhancer']),
      () => fleet.restart(['enhancer']),
      () => fleet.reset('enhancer', { newSession: true }),
    ]) {
      expect(await refusal((async () => act())())).toMatchObject({ code: 'refused', reason: 'stopping' })
    }
    expect((await ended).map(({ did }) => did)).toEqual(['stopped', 'stopped'])
    expect(home.runFiles().filter((file) => file.startsWith('enhancer'))).toEqual([])
  })

  test('finishes what an earlier supervisor was killed in the middle of', async () => {
    await using home = new FleetHome()
    home.writeRoster(CORE)
    const paths = resolvePaths({ env: home.env })
    {
      await using opened = await openLocalFleet({ env: home.env })
      await opened.fleet.start()
      await allHealthy(opened.fleet)
    }
    // As a stop leaves it that was killed after it had said what it wants, once with the pane dead and once with it alive.
    const record = readRecord(paths)
    for (const agent of Object.values(record.agents)) agent.wanted = false
    writeRecord(paths, record)
    const pid = Number(await home.tmux('display-message', '-p', '-t', '=enhancer:', '#{pane_pid}'))
    killNine(pid)
    await until(async () => (await home.tmux('display-message', '-p', '-t', '=enhancer:', '#{pane_dead}')).trim() === '1')

    await using opened = await openLocalFleet({ env: home.env })
    await until(async () => (await opened.fleet.snapshot()).agents.every(({ pane, health }) => pane === 'none' && health === 'stopped'))
    await until(() => home.runFiles().every((file) => !/^(orchestrator|enhancer)\./.test(file)))
    expect(await opened.fleet.stop()).toMatchObject([{ did: 'unchanged' }, { did: 'unchanged' }])
  })

  test('goes on where the audit cannot be written, while starting does not', async () => {
    await using home = new FleetHome()
    home.writeRoster(CORE)
    const { auditFile } = resolvePaths({ env: home.env })
    await using opened = await openLocalFleet({ env: home.env })
    const { fleet } = opened
    await fleet.start()
    await allHealthy(fleet)
    renameSync(auditFile, `${auditFile}.aside`)
    mkdirSync(auditFile)
    expect(await fleet.stop(['enhancer'])).toMatchObject([{ did: 'stopped' }])
    expect(await fleet.start(['enhancer'])).toMatchObject([{ did: 'failed', detail: expect.stringContaining('audit') }])
    await fleet.pause()
    expect((await fleet.snapshot()).paused).toBe(true)
    rmSync(auditFile, { recursive: true })
    expect(await fleet.start(['enhancer'])).toMatchObject([{ did: 'started' }])
  })
})

describe('the audit', () => {
  test('names on whose behalf each act was done, one spelling each', async () => {
    await using home = new FleetHome()
    home.writeRoster(CORE)
    const acting = new Acting()
    await using opened = await openLocalFleet({ env: home.env, acting })
    const { fleet } = opened
    await acting.as('operator', () => fleet.start())
    await allHealthy(fleet)
    const first = await pidOf(fleet, 'enhancer')
    await acting.as('orchestrator', () => fleet.restart(['enhancer']))
    await isBack(fleet, 'enhancer', first)
    await acting.as('bad:name', () => fleet.pause())
    const { id } = await fleet.send(home.message('enhancer', 'hello'))
    await fleet.waitForReceipt(id, 20_000)
    const entries = audited(resolvePaths({ env: home.env }).auditFile).map(({ verb, agent, actor }) => [verb, agent, actor])
    expect(entries).toEqual(
      expect.arrayContaining([
        ['start', 'enhancer', home.address('operator')],
        ['stop', 'enhancer', home.address('orchestrator')],
        ['pause', null, home.address('mosaicd')],
        ['deliver', 'enhancer', home.address('operator')],
      ]),
    )
  })
})

describe('a roster that was changed by hand under a running agent', () => {
  test('does not change whose word accepts its messages', async () => {
    await using home = new FleetHome()
    home.writeRoster(CORE)
    await using opened = await openLocalFleet({ env: home.env })
    const { fleet } = opened
    await fleet.start()
    await allHealthy(fleet)
    home.writeRoster(CORE, { defaults: { runtime: 'pi', working_directory: home.workingDirectory } })
    await fleet.reload()
    await healthIs(fleet, 'orchestrator', 'healthy')
    const { id } = await fleet.send(home.message('orchestrator', 'hello'))
    expect(await fleet.waitForReceipt(id, 20_000)).toMatchObject({ state: 'accepted', signal: 'stub:accepted' })
  })
})
