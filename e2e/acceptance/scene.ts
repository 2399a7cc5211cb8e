/** One fleet with one agent of a real runtime, its model server, and what the agent's model was told. */

import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, constants, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { AgentRecord } from '@mosaic/domain/agent-record'
import { isSettled, messageId, type Receipt } from '@mosaic/domain/message'
import { connectService, type ServiceClient } from '@mosaic/host/service/client'
import { type FakeLlm, startFakeLlm } from '@mosaic/testkit/fake-llm/server'
import { until } from '@mosaic/testkit/until'
import { FleetUnderTest } from '../fleet-under-test.ts'
import { Ears } from './ears.ts'
import { type Places, programDirectories, type RuntimeUnderTest } from './runtimes.ts'
import { MENTIONED } from './shapes.ts'

export const AGENT = 'enhancer'
/** For a machine on which a large runtime needs very long to start. */
const PATIENCE_MS = 180_000
const LOOK_MS = 50

/** Few tokens in every answer, so that nothing is compacted by itself. */
const USAGE = { input: 100, output: 10 }

export interface SceneOptions {
  /** The host service's settings. */
  env?: Readonly<Record<string, string>>
  /** Seconds. */
  heartbeatInterval?: number
}

/** Where the tests of a fleet's agents have their files: in the working directory, because of others a runtime may ask a person. */
export function placesIn({ home: { home, root } }: FleetUnderTest): Places {
  const work = join(root, 'work')
  mkdirSync(work, { recursive: true })
  return { home, work, gate: join(work, 'gate'), script: join(work, 'script'), touched: join(work, 'touched') }
}

export const newMessageId = (): string => messageId(Date.now(), randomBytes(10))

export class Scene implements AsyncDisposable {
  readonly runtime: RuntimeUnderTest
  readonly fleet: FleetUnderTest
  readonly llm: FakeLlm
  readonly ears: Ears
  readonly places: Places
  readonly #clients: ServiceClient[] = []

  private constructor(runtime: RuntimeUnderTest, fleet: FleetUnderTest, llm: FakeLlm) {
    this.runtime = runtime
    this.fleet = fleet
    this.llm = llm
    this.ears = new Ears(llm, runtime.unwrap)
    this.places = placesIn(fleet)
  }

  /** Up, healthy, and in a conversation. What was opened is closed again when that fails. */
  static async open(runtime: RuntimeUnderTest, options: SceneOptions = {}): Promise<Scene> {
    const llm = await startFakeLlm({ fallback: { usage: USAGE } })
    const fleet = await FleetUnderTest.make({ heartbeatInterval: options.heartbeatInterval ?? 1 })
    const scene = new Scene(runtime, fleet, llm)
    try {
      await scene.#prepare(options)
      return scene
    } catch (error) {
      await scene[Symbol.asyncDispose]()
      throw error
    }
  }

  async #prepare({ env = {} }: SceneOptions): Promise<void> {
    const { fleet, llm, runtime, places } = this
    const { HOME: _home, ...ofRuntime } = runtime.prepare(places, llm.url)
    const path = [...programDirectories, fleet.home.env['PATH']].join(delimiter)
    Object.assign(fleet.home.env, { PATH: path }, env)
    writeFileSync(join(places.work, MENTIONED.name), `${MENTIONED.content}\n`)
    execFileSync('mkfifo', [places.gate])
    this.ears.watch(MENTIONED.content)
    const defaults = JSON.stringify({ runtime: 'stub', working_directory: places.work })
    const runtimes = JSON.stringify({ [runtime.id]: { env: ofRuntime } })
    const agents = JSON.stringify([{ name: 'orchestrator' }, { name: AGENT, runtime: runtime.id }])
    fleet.writeRoster(`defaults: ${defaults}\nruntimes: ${runtimes}\nagents: ${agents}\n`)
    const started = await fleet.mosaic(['fleet', 'start'])
    const failed = async (cause: unknown) => {
      const words = `the fleet did not come up: exit ${started.status}\n${started.stdout}\n${started.stderr}\n${await this.screen()}`
      throw new Error(words, { cause })
    }
    // It says by its status whether all became healthy in its time; here the time is another.
    if (/^enhancer +failed/m.test(started.stdout)) await failed(undefined)
    await this.idle().catch(failed)
    await this.accepted('Good morning.')
  }

  /** A connection to the host service, closed with the scene. */
  async client(): Promise<ServiceClient> {
    const client = await until(() => connectService(this.fleet.paths), { what: 'the host service listening', withinMs: PATIENCE_MS })
    this.#clients.push(client)
    return client
  }

  async #first(): Promise<ServiceClient> {
    return this.#clients[0] ?? this.client()
  }

  async agent(): Promise<AgentRecord> {
    return (await this.#first()).agent(AGENT)
  }

  /** Waits until the agent's record is as wanted. */
  async agentThat(what: string, test: (record: AgentRecord) => boolean): Promise<AgentRecord> {
    let last: AgentRecord | undefined
    const look = async () => {
      last = await this.agent()
      return test(last) ? last : undefined
    }
    try {
      return await until(look, { what: `${this.runtime.id} being ${what}`, everyMs: LOOK_MS, withinMs: PATIENCE_MS })
    } catch (error) {
      const { health, activity, supervisor } = last ?? {}
      throw new Error(`${this.runtime.id} is not ${what}: ${JSON.stringify({ health, activity, life: supervisor?.state })}`, {
        cause: error,
      })
    }
  }

  idle(): Promise<AgentRecord> {
    return this.agentThat('idle', ({ health, activity, pid }) => health === 'healthy' && activity === 'idle' && pid !== null)
  }

  async processId(): Promise<number> {
    const { pid } = await this.agentThat('running', (record) => record.pid !== null)
    return pid ?? 0
  }

  /** Stores a message without waiting for what becomes of it. */
  async send(text: string, options: { id?: string; from?: string; withinMs?: number; client?: ServiceClient } = {}): Promise<Receipt> {
    const { id = newMessageId(), from = 'operator', withinMs = PATIENCE_MS } = options
    const client = options.client ?? (await this.#first())
    return client.send({ id, to: AGENT, from: `acme@box:${from}`, text, urgent: false, deadlineAtMs: Date.now() + withinMs })
  }

  async receipt(id: string): Promise<Receipt> {
    return (await this.#first()).receipt(id)
  }

  settled(id: string): Promise<Receipt> {
    const look = async () => {
      const receipt = await this.receipt(id)
      return isSettled(receipt.state) ? receipt : undefined
    }
    return until(look, { what: `what became of ${id}`, everyMs: LOOK_MS, withinMs: 2 * PATIENCE_MS })
  }

  /** Sends, and waits until the model has it. @throws Error when it is not accepted */
  async accepted(text: string): Promise<Receipt> {
    const { id } = await this.send(text)
    const receipt = await this.settled(id)
    if (receipt.state !== 'accepted')
      throw new Error(`${text}: ${receipt.state}, ${receipt.reason}: ${receipt.detail}\n${await this.screen()}`)
    await this.heard(id)
    return receipt
  }

  /** Waits until the model has been given it. */
  heard(id: string): Promise<unknown> {
    return until(() => this.ears.times(id) > 0, { what: `${id} reaching the model`, everyMs: LOOK_MS, withinMs: PATIENCE_MS })
  }

  async keys(...keys: string[]): Promise<void> {
    await this.fleet.home.tmux('send-keys', '-t', `=${AGENT}:`, ...keys)
  }

  async screen(): Promise<string> {
    return this.fleet.home.tmux('capture-pane', '-p', '-t', `=${AGENT}:`).catch(() => '(no screen)')
  }

  /** Takes hold of the gate as soon as a command reads it; the result lets that command end. */
  async holdGate(): Promise<() => void> {
    const open = () => {
      try {
        return openSync(this.places.gate, constants.O_WRONLY | constants.O_NONBLOCK)
      } catch {
        // Nobody reads it yet.
        return undefined
      }
    }
    const held = await until(open, { what: 'the command that keeps it busy', everyMs: LOOK_MS, withinMs: PATIENCE_MS })
    return () => closeSync(held)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client[Symbol.asyncDispose]()
    await this.fleet[Symbol.asyncDispose]()
    await this.llm.close()
  }
}
