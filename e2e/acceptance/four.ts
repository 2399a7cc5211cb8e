/** A fleet of four, one agent of each real runtime, at one model server. */

import { execFileSync } from 'node:child_process'
import { delimiter } from 'node:path'
import type { AgentRecord, FleetSnapshot } from '@mosaic/domain/agent-record'
import { connectService, type ServiceClient } from '@mosaic/host/service/client'
import { type FakeLlm, startFakeLlm } from '@mosaic/testkit/fake-llm/server'
import { until } from '@mosaic/testkit/until'
import { FleetUnderTest } from '../fleet-under-test.ts'
import { type Places, programDirectories, RUNTIMES, type RuntimeId, runtimeUnderTest } from './runtimes.ts'
import { newMessageId, placesIn } from './scene.ts'

/**
 * Seconds; 15 in life. OpenCode works for minutes after its first start, and is silent for up to 7 s of it on a busy machine:
 * whoever asks every second would take that for hung, and be right by that measure.
 */
const HEARTBEAT_INTERVAL = 5

/** Four large programs that start at the same time on a small machine. */
const WITHIN = { withinMs: 400_000, everyMs: 100 }

const NAMES: Readonly<Record<RuntimeId, string>> = { claude: 'orchestrator', codex: 'enhancer', opencode: 'coder0', pi: 'coder1' }

export class Four implements AsyncDisposable {
  readonly fleet: FleetUnderTest
  readonly llm: FakeLlm
  readonly places: Places
  #client: ServiceClient | undefined

  private constructor(fleet: FleetUnderTest, llm: FakeLlm) {
    this.fleet = fleet
    this.llm = llm
    this.places = placesIn(fleet)
  }

  /** All four healthy and idle. */
  static async open(): Promise<Four> {
    const four = new Four(
      await FleetUnderTest.make({ heartbeatInterval: HEARTBEAT_INTERVAL, ownTmuxDirectory: true }),
      await startFakeLlm(),
    )
    try {
      await four.#start()
      return four
    } catch (error) {
      await four[Symbol.asyncDispose]()
      throw error
    }
  }

  async #start(): Promise<void> {
    const { fleet, llm, places } = this
    execFileSync('mkfifo', [places.gate])
    fleet.home.env['PATH'] = [...programDirectories, fleet.home.env['PATH']].join(delimiter)
    const settings = RUNTIMES.map((id) => {
      const { HOME: _home, ...env } = runtimeUnderTest[id].prepare(places, llm.url)
      return [id, { env }] as const
    })
    const agents = RUNTIMES.map((id) => ({ name: NAMES[id], runtime: id }))
    const [defaults, runtimes, entries] = [{ working_directory: places.work }, Object.fromEntries(settings), agents].map((part) =>
      JSON.stringify(part),
    )
    fleet.writeRoster(`defaults: ${defaults}\nruntimes: ${runtimes}\nagents: ${entries}\n`)
    const started = await fleet.mosaic(['fleet', 'start'])
    const ready = ({ health, activity }: AgentRecord) => health === 'healthy' && activity === 'idle'
    await until(async () => (await this.snapshot()).agents.every(ready), { ...WITHIN, what: 'four healthy agents' }).catch(
      async (error) => {
        const { agents: records } = await this.snapshot()
        const words = records.map(({ name, runtime, health, health_reason }) => `${name} (${runtime}): ${health}, ${health_reason}`)
        throw new Error(`${words.join('\n')}\n${started.stdout}\n${started.stderr}`, { cause: error })
      },
    )
  }

  async #service(): Promise<ServiceClient> {
    this.#client ??= await until(() => connectService(this.fleet.paths), { ...WITHIN, what: 'the host service listening' })
    return this.#client
  }

  async snapshot(): Promise<FleetSnapshot> {
    return (await this.#service()).snapshot()
  }

  async agent(runtime: RuntimeId): Promise<AgentRecord> {
    return (await this.#service()).agent(NAMES[runtime])
  }

  nameOf(runtime: RuntimeId): string {
    return NAMES[runtime]
  }

  async send(runtime: RuntimeId, text: string): Promise<void> {
    const client = await this.#service()
    await client.send({ id: newMessageId(), to: NAMES[runtime], from: 'acme@box:operator', text, urgent: false })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client?.[Symbol.asyncDispose]()
    await this.fleet[Symbol.asyncDispose]()
    await this.llm.close()
  }
}
