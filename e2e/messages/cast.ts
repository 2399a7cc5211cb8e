/** Who is in the fleets of these tests: scripted terminal programs that record every byte, and pi at a model server. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageIdOf } from '@mosaic/domain/message'
import { type LogEntry, readAgentLog, readSubmits, type SubmitEntry } from '@mosaic/testkit/fake-agent/agent-log'
import type { AgentScript } from '@mosaic/testkit/fake-agent/script'
import { writePiHome } from '@mosaic/testkit/fake-llm/pi-home'
import { type FakeLlm, startFakeLlm } from '@mosaic/testkit/fake-llm/server'
import type { FleetUnderTest } from '../fleet-under-test.ts'

const FAKE_AGENT = join(import.meta.dirname, '..', '..', 'packages', 'testkit', 'src', 'fake-agent', 'main.ts')

/** An entry of `agents`, as it stands in a roster. */
export interface Entry {
  name: string
  [key: string]: unknown
}

/** The two that every fleet has, as stubs. */
export const CORE: readonly Entry[] = [{ name: 'orchestrator' }, { name: 'enhancer' }]

/** Scripted terminal programs of one fleet. */
export class FakeAgents {
  readonly #fleet: FleetUnderTest
  readonly #log: string
  readonly #submits: string

  constructor(fleet: FleetUnderTest) {
    this.#fleet = fleet
    this.#log = join(fleet.home.root, 'fake.log')
    this.#submits = join(fleet.home.root, 'fake.submits')
  }

  /** What every stub of the roster gets, so that those which are scripted find their files. */
  get environment(): Record<string, string> {
    return { FAKE_AGENT_LOG: this.#log, FAKE_AGENT_SUBMITS: this.#submits }
  }

  /** A cooperative program, unless its script says otherwise. */
  entry(name: string, script: AgentScript): Entry {
    const file = this.file(name, 'script.json')
    writeFileSync(file, JSON.stringify({ cooperative: true, ...script }))
    return { name, command: [process.execPath, FAKE_AGENT, '--script', file] }
  }

  /** A file of this agent, for the triggers of its script. */
  file(name: string, suffix: string): string {
    return join(this.#fleet.home.root, `${name}.${suffix}`)
  }

  /** What one process recorded. */
  log(pid: number | null): LogEntry[] {
    return readAgentLog(this.#log).filter((entry) => entry.pid === pid)
  }

  /** Messages taken by this agent, in all its lives. */
  submits(name: string): SubmitEntry[] {
    return readSubmits(this.#submits).filter(({ text }) => text.slice(0, text.indexOf('\n')).includes(`:${name} #`))
  }
}

/** Writes the roster of these agents. */
export function writeCast(fleet: FleetUnderTest, agents: readonly Entry[], stubEnvironment: Readonly<Record<string, string>> = {}): void {
  const defaults = JSON.stringify({ runtime: 'stub', working_directory: '/tmp' })
  const runtimes = JSON.stringify({ stub: { env: stubEnvironment } })
  fleet.writeRoster(`defaults: ${defaults}\nruntimes: ${runtimes}\nagents: ${JSON.stringify(agents)}\n`)
}

/** A model server, and the operator's pi in this fleet's home that talks to it. */
export async function piModel(fleet: FleetUnderTest): Promise<FakeLlm> {
  const llm = await startFakeLlm()
  // No conversation of a test is ever compacted.
  writePiHome(fleet.home.home, llm.url, { contextWindow: 1_000_000_000 })
  return llm
}

/** Messages that the model has been given in the conversation as it is now, exactly, in order. */
export function heardBy(llm: FakeLlm): string[] {
  const last = llm.requests().findLast(({ kind }) => kind === 'model')
  return (last?.userTexts ?? []).filter((text) => messageIdOf(text) !== undefined)
}
