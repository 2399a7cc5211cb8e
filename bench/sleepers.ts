/**
 * A fleet as large as one likes: its agents are the cheapest of processes, and one loop here writes for all of them what a
 * runtime writes, so that the product has for each as much to read as in life.
 */

import { renameSync, writeFileSync } from 'node:fs'
import type { FleetSnapshot } from '@mosaic/domain/agent-record'
import { formatHeartbeat } from '@mosaic/domain/heartbeat'
import type { ServiceClient } from '@mosaic/host/service/client'
import { connectService } from '@mosaic/host/service/client'
import { until } from '@mosaic/testkit/until'
import { FleetUnderTest } from '../e2e/fleet-under-test.ts'

/** As in life. */
const INTERVAL_MS = 15_000
/** A start that was only partly done is repeated this often. */
const START_ATTEMPTS = 4

export interface Growth {
  /** Until every agent has its session, milliseconds. */
  ms: number
  /** How many more agents there are than before. */
  added: number
  /** Agents that `fleet start` gave up on at first. */
  failed: number
}

const rosterOf = (size: number): string => {
  const names = ['orchestrator', ...Array.from({ length: size - 1 }, (_, index) => `coder${index}`)]
  const agents = names.map((name) => `  - name: ${name}\n`).join('')
  const runtime = 'defaults:\n  runtime: stub\n  working_directory: /tmp\nruntimes:\n  stub:\n    command: [sleep, infinity]\n'
  return `${runtime}agents:\n${agents}`
}

export class Sleepers implements AsyncDisposable {
  readonly fleet: FleetUnderTest
  #size = 0
  #beats: NodeJS.Timeout | undefined
  #client: ServiceClient | undefined

  private constructor(fleet: FleetUnderTest) {
    this.fleet = fleet
  }

  static async make(): Promise<Sleepers> {
    return new Sleepers(await FleetUnderTest.make({ heartbeatInterval: INTERVAL_MS / 1000 }))
  }

  get size(): number {
    return this.#size
  }

  /** The host service. */
  async service(): Promise<ServiceClient> {
    this.#client ??= await connectService(this.fleet.paths)
    if (this.#client === undefined) throw new Error('no host service listens')
    return this.#client
  }

  /** Brings the fleet to `size` agents, all of them healthy. */
  async growTo(size: number): Promise<Growth> {
    const added = size - this.#size
    this.fleet.writeRoster(rosterOf(size))
    this.#size = size
    const startMs = performance.now()
    let failed = 0
    for (let attempt = 0; ; attempt += 1) {
      await this.fleet.mosaic(['fleet', 'start'])
      const { agents } = await (await this.service()).snapshot()
      const down = agents.filter(({ pane }) => pane !== 'alive').length
      if (attempt === 0) failed = down
      if (down === 0) break
      if (attempt === START_ATTEMPTS) throw new Error(`${down} of ${size} agents do not start`)
    }
    const ms = performance.now() - startMs
    await this.#answerForAll()
    return { ms, added, failed }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#beats)
    await this.#client?.[Symbol.asyncDispose]()
    await this.fleet[Symbol.asyncDispose]()
  }

  async #answerForAll(): Promise<void> {
    clearInterval(this.#beats)
    const service = await this.service()
    const { agents } = await service.snapshot()
    for (const { name, pid } of agents) {
      const ready = { v: 1, at: Date.now(), pid, kind: 'ready' }
      writeFileSync(this.fleet.paths.journalOf(name), `${JSON.stringify(ready)}\n`, { mode: 0o600 })
      this.#beat(name, pid)
    }
    let next = 0
    // Spread over the interval, as agents are that were not started in the same moment.
    this.#beats = setInterval(() => {
      const { name, pid } = agents[next % agents.length] as FleetSnapshot['agents'][number]
      next += 1
      this.#beat(name, pid)
    }, INTERVAL_MS / agents.length)
    const allHealthy = async () => (await service.snapshot()).agents.every(({ health }) => health === 'healthy')
    await until(allHealthy, { what: `${agents.length} healthy agents`, everyMs: 200 })
  }

  #beat(name: string, pid: number | null): void {
    const file = this.fleet.paths.heartbeatOf(name)
    const beat = { tsMs: Date.now(), pid: pid ?? 0, status: 'ok', source: 'runtime', intervalMs: INTERVAL_MS } as const
    writeFileSync(`${file}.tmp`, formatHeartbeat(beat), { mode: 0o600 })
    renameSync(`${file}.tmp`, file)
  }
}
