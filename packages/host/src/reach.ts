/** How the living runtimes of this host are reached: their sessions, the endpoint that they call, and the questions that are their heartbeat. */

import type { AgentDefinition } from '@mosaic/domain/agent'
import { fleetTools } from '@mosaic/domain/fleet-tools'
import type { LifeState } from '@mosaic/domain/lifecycle'
import type { Clock } from '@mosaic/domain/ports/clock'
import type { RuntimeAdapter } from '@mosaic/domain/ports/runtime'
import type { SessionHost } from '@mosaic/domain/ports/session-host'
import type { Signal } from '@mosaic/domain/signal'
import { AgentEndpoint } from './agent-endpoint/agent-endpoint.ts'
import type { AgentTools } from './agent-endpoint/tools.ts'
import { HeartbeatProber } from './heartbeat/prober.ts'
import type { MosaicPaths } from './paths.ts'
import { RuntimeSessions } from './runtime-sessions.ts'
import type { SupervisorEvent } from './supervisor/embedded/supervisor-event.ts'

/** Who answers what agents call. */
export interface Callee {
  tools: AgentTools
  /** False for a launch that ended. */
  isCurrent(name: string, launchId: string): boolean
}

/** What has no process. One that is stopping has, and is heard to its end. */
const ENDED = new Set<string>(['down', 'backoff', 'failed'] satisfies LifeState[])

/** Calls wait for a service that is still taking over its fleet. */
export const openEndpoint = (paths: MosaicPaths, takenOver: Promise<Callee>, log: (text: string) => void): Promise<AgentEndpoint> =>
  AgentEndpoint.open({
    paths,
    log,
    tools: { list: fleetTools(), call: async (...call) => (await takenOver).tools.call(...call) },
    isCurrent: async (name, launchId) => (await takenOver).isCurrent(name, launchId),
  })

export interface ReachParts {
  paths: MosaicPaths
  clock: Clock
  host: SessionHost
  endpoint: AgentEndpoint
  adapterOf(agent: AgentDefinition): RuntimeAdapter
  log(text: string): void
}

export class Reach implements AsyncDisposable {
  readonly sessions: RuntimeSessions
  readonly endpoint: AgentEndpoint
  readonly #paths: MosaicPaths
  readonly #host: SessionHost
  readonly #prober: HeartbeatProber
  readonly #log: (text: string) => void

  constructor({ paths, clock, host, endpoint, adapterOf, log }: ReachParts) {
    this.#paths = paths
    this.#host = host
    this.#log = log
    this.endpoint = endpoint
    this.sessions = new RuntimeSessions(paths, adapterOf)
    this.#prober = new HeartbeatProber({ clock, log })
  }

  /** Reaches a new incarnation, in the place of the one before. @throws FleetError `missing` when this version does not know the runtime */
  connect(agent: AgentDefinition, { launchId, pid }: { launchId: string; pid: number }, sink: (signal: Signal) => void): void {
    const { name, heartbeatIntervalMs } = agent
    const channel = this.endpoint.channel(name, launchId)
    const screen = () => this.#host.capture(name).catch(() => '')
    const type = (text: string) => this.#type(name, pid, text)
    const log = (text: string) => this.#log(`${name}: ${text}`)
    const { session, adapter } = this.sessions.connect(agent, { launchId, pid, channel, screen, type, log }, sink)
    const { heartbeat } = adapter
    this.#prober.follow({ name, heartbeat, session, pid, heartbeatFile: this.#paths.heartbeatOf(name), intervalMs: heartbeatIntervalMs })
  }

  async #type(name: string, pid: number, text: string): Promise<boolean> {
    const pane = (await this.#host.list()).find(({ session }) => session === name)
    if (pane === undefined) return false
    return (await this.#host.paste(name, pane.sessionId, text, 'Enter', pid)).outcome === 'pasted'
  }

  /** What is over for an agent's process is not asked any more, and nothing is kept of how it was reached. */
  heed(event: SupervisorEvent): void {
    const ends = event.kind === 'launching' || event.kind === 'died' || (event.kind === 'life' && event.to !== 'up')
    if (ends) this.#prober.stop(event.name)
    // A launch that begins calls only after this, and has its channel from then on.
    const isOver = event.kind === 'launching' || event.kind === 'died' || (event.kind === 'life' && ENDED.has(event.to))
    if (isOver) this.endpoint.end(event.name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#prober[Symbol.dispose]()
    this.sessions[Symbol.dispose]()
    await this.endpoint[Symbol.asyncDispose]()
  }
}
