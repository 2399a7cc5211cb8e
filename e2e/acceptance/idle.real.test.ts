import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readHeartbeat } from '@mosaic/host/heartbeat/observer'
import { isAlive } from '@mosaic/testkit/processes'
import { until } from '@mosaic/testkit/until'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Four } from './four.ts'
import { RUNTIMES, runtimeUnderTest } from './runtimes.ts'
import { launchesOf, processesLaunchedAs, processesOf, socketsListenedOn, stillListening } from './traces.ts'

vi.setConfig({ testTimeout: 1_500_000, hookTimeout: 600_000 })

/** As many as an hour has at an interval of 60 s; here they come faster. */
const INTERVALS = 60

describe('a fleet of claude, codex, opencode and pi', () => {
  let four: Four
  beforeAll(async () => {
    four = await Four.open()
  })
  afterAll(() => four?.[Symbol.asyncDispose]())

  it('that idles for as many heartbeats as an hour has is healthy all the time, and asks its models nothing', async () => {
    const stamps = new Map(RUNTIMES.map((runtime) => [runtime, new Set<number>()]))
    const unwell: string[] = []
    const look = async () => {
      for (const runtime of RUNTIMES) {
        const read = readHeartbeat(four.fleet.paths.heartbeatOf(four.nameOf(runtime)))
        if (read !== undefined && 'beat' in read) stamps.get(runtime)?.add(read.beat.tsMs)
      }
      const { agents, as_of } = await four.snapshot()
      for (const { runtime, health, health_reason: why, activity } of agents)
        if (health !== 'healthy' || activity !== 'idle') unwell.push(`${as_of} ${runtime}: ${health}, ${activity}, ${why}`)
      return [...stamps.values()].every(({ size }) => size >= INTERVALS)
    }
    await until(look, { what: `${INTERVALS} heartbeats of each`, everyMs: 200, withinMs: 1_200_000 })
    expect(unwell).toEqual([])
    expect(four.llm.requests().filter(({ kind }) => kind === 'model')).toEqual([])
  })

  it('that is stopped leaves no process, port or daemon, and no runaway that ignores SIGTERM', async () => {
    const { fleet, llm, places } = four
    const { root } = fleet.home
    const runaways = () => RUNTIMES.map((runtime) => Number(readFileSync(join(root, `runaway.${runtime}`), 'utf8')))
    for (const runtime of RUNTIMES) {
      const word = `Please run away, ${runtime}.`
      const note = join(root, `runaway.${runtime}`)
      writeFileSync(places.script, `trap '' TERM HUP INT\necho $$ >${note}.new\nmv ${note}.new ${note}\nwhile :; do :; done\n`)
      llm.rule({ when: { contains: word }, reply: runtimeUnderTest[runtime].runs(`sh ${places.script}`), times: 1 })
      await four.send(runtime, word)
      await until(() => existsSync(note), { what: `the runaway of ${runtime}`, withinMs: 300_000 })
    }
    expect(runaways().filter(isAlive)).toHaveLength(RUNTIMES.length)

    const during = processesOf(root)
    const launches = launchesOf(during)
    const sockets = socketsListenedOn(during)
    expect(launches.size).toBe(RUNTIMES.length)
    expect(sockets.size).toBeGreaterThan(0)

    const stopped = await fleet.mosaic(['fleet', 'stop'])
    expect(stopped.status, stopped.stdout + stopped.stderr).toBe(0)
    expect(processesOf(root)).toEqual([])
    expect(processesLaunchedAs(launches)).toEqual([])
    expect(runaways().filter(isAlive)).toEqual([])
    expect(stillListening(sockets)).toEqual([])
    expect(fleet.home.leftovers()).toEqual({ processes: [], sockets: [] })
    await until(() => llm.openCount() === 0, { what: 'the end of all calls of a model' })
  })
})
