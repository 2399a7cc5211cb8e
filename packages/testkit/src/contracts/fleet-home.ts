/** A temporary home with a roster in it, and what the suites over a running fleet ask and wait for. */

import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentRecord, FleetEvent, FleetSnapshot } from '@mosaic/domain/agent-record'
import { FleetError } from '@mosaic/domain/error'
import type { FleetControl, SendRequest } from '@mosaic/domain/fleet-control'
import type { FleetView } from '@mosaic/domain/fleet-view'
import { messageId } from '@mosaic/domain/message'
import { type LogEntry, readAgentLog, readSubmits, type SubmitEntry } from '../fake-agent/agent-log.ts'
import type { AgentScript } from '../fake-agent/script.ts'
import { killNine } from '../faults.ts'
import { commandOf } from '../processes.ts'
import { TempHome, type TempHomeOptions } from '../temp-home.ts'
import { until } from '../until.ts'

export type Fleet = FleetView & FleetControl

const FAKE_AGENT = join(import.meta.dirname, '..', 'fake-agent', 'main.ts')
const TENANT = 'tenant-x'
const HOST = 'host-y'

/** An entry of `agents`, as it stands in a roster. */
export interface RosterEntry {
  name: string
  [key: string]: unknown
}

export const CORE: readonly RosterEntry[] = [{ name: 'orchestrator' }, { name: 'enhancer' }]

/** Where one test's fleet lives. The heartbeat's interval bears a slow machine: nobody is late who merely got no processor. */
export class FleetHome extends TempHome {
  readonly fleet: string
  readonly run: string
  readonly roster: string
  /** Where agents start unless the roster says otherwise. */
  readonly workingDirectory: string

  constructor(options: TempHomeOptions = {}) {
    super({ heartbeatInterval: 2, ...options })
    this.fleet = join(this.mosaicHome, 'fleet')
    this.run = join(this.fleet, 'run')
    this.roster = join(this.fleet, 'roster.yaml')
    this.workingDirectory = join(this.root, 'work')
    mkdirSync(this.workingDirectory)
  }

  /** JSON is YAML. */
  writeRoster(agents: readonly RosterEntry[], more: Readonly<Record<string, unknown>> = {}): void {
    const roster = {
      version: 1,
      tenant_id: TENANT,
      host: HOST,
      tmux: { socket_name: this.tmuxSocket },
      defaults: { runtime: 'stub', working_directory: this.workingDirectory },
      runtimes: { stub: { env: { FAKE_AGENT_LOG: this.#log, FAKE_AGENT_SUBMITS: this.#submits } } },
      agents,
      ...more,
    }
    this.writeRosterText(JSON.stringify(roster, null, 2))
  }

  writeRosterText(text: string): void {
    mkdirSync(this.fleet, { recursive: true, mode: 0o700 })
    writeFileSync(this.roster, text)
  }

  /** An agent that is a fake one; `triggered` happens when `trigger` is called. */
  fakeAgent(name: string, modes: readonly string[], script?: AgentScript): RosterEntry {
    const command = [process.execPath, FAKE_AGENT, ...modes.flatMap((mode) => ['--mode', mode])]
    if (script !== undefined) {
      const file = join(this.root, `${name}.script.json`)
      writeFileSync(file, JSON.stringify(script))
      command.push('--script', file)
    }
    return { name, command }
  }

  /** What the fake agents of this home recorded, all in one. */
  log(event?: LogEntry['event']): LogEntry[] {
    return readAgentLog(this.#log).filter((entry) => event === undefined || entry.event === event)
  }

  submits(): SubmitEntry[] {
    return readSubmits(this.#submits)
  }

  /** `tenant@host:session` */
  address(session: string): string {
    return `${TENANT}@${HOST}:${session}`
  }

  message(to: string, text: string, more: Partial<SendRequest> = {}): SendRequest {
    return { id: messageId(Date.now(), randomBytes(10)), to, from: this.address('operator'), text, urgent: false, ...more }
  }

  /** Types a line into an agent's pane, as a person who is attached would. */
  async type(session: string, line: string): Promise<void> {
    await this.tmux('send-keys', '-l', '-t', `=${session}:`, '--', line, ';', 'send-keys', '-t', `=${session}:`, 'Enter')
  }

  screen(session: string): Promise<string> {
    return this.tmux('capture-pane', '-p', '-t', `=${session}:`)
  }

  /** A session that is not the fleet's, with `cat` in it; the server must run. */
  async foreignSession(name: string): Promise<number> {
    const pid = Number(await this.tmux('new-session', '-d', '-P', '-F', '#{pane_pid}', '-s', name, 'exec cat'))
    await until(() => commandOf(pid) === 'cat', { what: 'the shell having become cat' })
    return pid
  }

  async serverPid(): Promise<number> {
    return Number(await this.tmux('display-message', '-p', '#{pid}'))
  }

  /** Names in the run directory; none when it is gone. */
  runFiles(): string[] {
    return existsSync(this.run) ? readdirSync(this.run).sort() : []
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]()
    // Of several that started a killed server anew at the same moment.
    rmSync(`${this.tmuxSocketPath}.lock`, { force: true })
  }

  /** Before what they hold open is taken away from under them. */
  async endProcesses(): Promise<void> {
    await this.tmux('kill-server').catch(() => '')
    await until(
      () => {
        const { processes } = this.leftovers()
        for (const { pid } of processes) killNine(pid)
        return processes.length === 0
      },
      { what: 'the end of all processes of the home' },
    )
  }

  get #log(): string {
    return join(this.root, 'fake.log')
  }

  get #submits(): string {
    return join(this.root, 'fake.submits')
  }
}

/** The record of one agent when it is as wanted. The failure shows how it was last. */
export async function agentIs(fleet: FleetView, name: string, is: (agent: AgentRecord) => boolean, what: string): Promise<AgentRecord> {
  let last: AgentRecord | undefined
  try {
    return await until(
      async () => {
        last = await fleet.agent(name)
        return is(last) && last
      },
      { what: `${name} ${what}` },
    )
  } catch (error) {
    throw new Error(`${(error as Error).message}: ${JSON.stringify(last, null, 1)}`, { cause: error })
  }
}

export const healthIs = (fleet: FleetView, name: string, health: AgentRecord['health']): Promise<AgentRecord> =>
  agentIs(fleet, name, (agent) => agent.health === health, `being ${health}`)

/** Everybody, or those named, answers. */
export async function allHealthy(fleet: FleetView, names?: readonly string[]): Promise<FleetSnapshot> {
  const wanted = names ?? (await fleet.snapshot()).agents.map(({ name }) => name)
  for (const name of wanted) await healthIs(fleet, name, 'healthy')
  return fleet.snapshot()
}

/** Running again, as another process than `pid`. */
export const isBack = (fleet: FleetView, name: string, pid: number | null): Promise<AgentRecord> =>
  agentIs(fleet, name, (agent) => agent.health === 'healthy' && agent.pid !== null && agent.pid !== pid, `being back after process ${pid}`)

export const pidOf = async (fleet: FleetView, name: string): Promise<number> => {
  const { pid } = await fleet.agent(name)
  if (pid === null) throw new Error(`${name} has no process`)
  return pid
}

/** The error of what must fail. */
export async function refusal(act: Promise<unknown>): Promise<FleetError> {
  try {
    await act
  } catch (error) {
    if (error instanceof FleetError) return error
    throw error
  }
  throw new Error('it was not refused')
}

export interface Listening extends AsyncDisposable {
  /** So far. */
  readonly events: readonly FleetEvent[]
  /** Waits for an event like this one; gives the first. */
  heard(kind: string, agent?: string | null, is?: (detail: FleetEvent['detail']) => boolean): Promise<FleetEvent>
}

/** Collects events from now on, or after `sinceSeq`. */
export function listenTo(fleet: FleetView, options: { sinceSeq?: number } = {}): Listening {
  const events: FleetEvent[] = []
  const abort = new AbortController()
  const ended = (async () => {
    for await (const event of fleet.events({ ...options, signal: abort.signal })) events.push(event)
  })()
  // Of a service that is killed; who waits for an event is told by the wait.
  ended.catch(() => {})
  return {
    events,
    async heard(kind, agent, is = () => true) {
      const find = () => events.find((event) => event.kind === kind && (agent === undefined || event.agent === agent) && is(event.detail))
      try {
        return await until(find, { what: `the event ${kind} of ${agent ?? 'the fleet'}` })
      } catch (error) {
        throw new Error(`${(error as Error).message}: ${JSON.stringify(events, null, 1)}`, { cause: error })
      }
    },
    async [Symbol.asyncDispose]() {
      abort.abort()
      await ended.catch(() => {})
    },
  }
}
