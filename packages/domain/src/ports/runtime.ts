/** The runtime port: how one kind of program is found, launched, heard, given messages and reset. */

import type { AgentDefinition } from '../agent.ts'
import type { HeartbeatStatus } from '../heartbeat.ts'
import type { Message } from '../message.ts'
import type { RuntimeId } from '../roster.ts'
import type { Activity, SignalBody } from '../signal.ts'
import type { SubmitKey } from './session-host.ts'

export interface RuntimeProgram {
  /** argv prefix that runs it, e.g. `['/usr/bin/node', '/.../pi']`. */
  argv: readonly string[]
  version: string
}

/** Where an agent's runtime and its fleet meet: files and sockets, all absolute. */
export interface RuntimePlaces {
  /** Text for the runtime's contract mechanism; already in this file. */
  contractFile: string
  heartbeatFile: string
  /** Signal journal that the runtime appends to. */
  journalFile: string
  /** Unix socket on which an answering runtime listens. */
  linkSocket: string
  /** Directory for state that outlives one process: conversations to resume. */
  stateDirectory: string
}

/** What one launch of an agent's runtime is made of. */
export interface LaunchContext extends RuntimePlaces {
  agent: AgentDefinition
  program: RuntimeProgram
  /** Names this incarnation. */
  launchId: string
  /** True when the last conversation is to be picked up again. */
  resume: boolean
}

export interface LaunchRecipe {
  argv: readonly string[]
  /** On top of the base allow-list. */
  env: Readonly<Record<string, string>>
  /** Names of the launcher's variables that this runtime may inherit. */
  inherit: readonly string[]
}

/** The answer of a runtime that was asked. */
export interface RuntimeAnswer {
  pid: number
  activity: Activity
  /** What it waits for, when `waiting`; why it can take no message, when `idle`. */
  detail: string | null
  ready: boolean
  turn: number
  model: string | null
  contextUsed: number | null
}

export type NativeResult =
  /** Taken; the journal carries the durable word. */
  { outcome: 'handed-over' } | { outcome: 'refused'; because: 'dialog' | 'draft' | 'starting' | 'hung' | 'unavailable'; detail: string }

/** `none`: it has no reset that can be asked for from outside. `failed`: it was asked, and did not do it. */
export type ResetResult = 'done' | 'none' | 'failed'

/** A runtime process that lives and is to be reached, whoever launched it. */
export interface ConnectContext extends RuntimePlaces {
  agent: AgentDefinition
  launchId: string
  /** The pane's process: runtimes that keep a status file name it by this. */
  pid: number
}

/** One living runtime process, as reached from outside it. */
export interface RuntimeSession {
  /** Asks it and waits at most `timeoutMs`; `undefined` when it did not answer. */
  ask(timeoutMs: number): Promise<RuntimeAnswer | undefined>
  /** Present when the runtime takes messages by an API; then no key is ever pressed. Idempotent by message id. */
  deliver?(message: Message, rendered: string): Promise<NativeResult>
  /**
   * For runtimes that are listened to (a stream of events, an app server) instead of writing a journal. Called once per
   * connection; what was said before is said again, and ids and keys in the signals make repeats harmless.
   */
  observe?(sink: (signal: SignalBody) => void): Disposable
  /** Its own reset of the conversation. */
  reset(): Promise<ResetResult>
}

export interface RuntimeAdapter {
  readonly id: RuntimeId
  /** The word in receipts for its acceptance signal, e.g. `pi:input`. */
  readonly acceptanceSignal: string
  /** True when a message that was taken before is dropped by the runtime itself, by id. */
  readonly dropsDuplicates: boolean
  /** The key that sends pasted text, default Enter: `Tab` where Enter would break into a running turn. */
  readonly submitKey?: SubmitKey
  /**
   * Finds the program.
   * @throws FleetError `missing` with the command that installs it
   */
  locate(agent: AgentDefinition): Promise<RuntimeProgram>
  launch(context: LaunchContext): LaunchRecipe
  connect(context: ConnectContext): RuntimeSession
  /** What its process looks like: true when this argv is this runtime. */
  recognises(argv: readonly string[]): boolean
}

export const activityOfStatus = (status: HeartbeatStatus): Activity => (status === 'ok' ? 'idle' : status)
