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

/** Where a runtime reaches its fleet over HTTP: tools at `<url>/mcp`, hooks at `<url>/hook/<name>`. */
export interface FleetEndpoint {
  /** `http://127.0.0.1:PORT`; the same after the host service was restarted. */
  url: string
  /** Names the environment variable that holds this launch's bearer token: it never stands in an argument. */
  tokenVariable: string
}

/** What one launch of an agent's runtime is made of. */
export interface LaunchContext extends RuntimePlaces {
  agent: AgentDefinition
  program: RuntimeProgram
  /** Names this incarnation. */
  launchId: string
  /** True when the last conversation is to be picked up again. */
  resume: boolean
  endpoint: FleetEndpoint
}

export interface LaunchRecipe {
  /** Exec'd as it is; the pane's process. */
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

export interface NativeRefusal {
  outcome: 'refused'
  because: 'dialog' | 'draft' | 'starting' | 'hung' | 'unavailable'
  detail: string
}

export type NativeResult =
  /** Taken; the journal carries the durable word. */
  { outcome: 'handed-over' } | NativeRefusal

/** `none`: it has no reset that can be asked for from outside. `failed`: it was asked, and did not do it. */
export type ResetResult = 'done' | 'none' | 'failed'

/** One launch of a runtime as it calls the fleet's endpoint. */
export interface RuntimeChannel {
  /** True while an MCP client of this launch holds a stream open, over which it can be pinged. */
  readonly hasStream: boolean
  /** True when its MCP client answered a ping within `timeoutMs`; false also when it holds no stream open. Costs no tokens. */
  ping(timeoutMs: number): Promise<boolean>
  /**
   * Hands over what this launch posts to `<url>/hook/<name>`, one call at a time per hook call (calls may overlap); the result is
   * the HTTP answer's JSON body. Without a listener a hook is answered with `{}` at once.
   */
  onHook(handle: (name: string, payload: unknown) => Promise<unknown>): Disposable
}

/** A runtime process that lives and is to be reached, whoever launched it. */
export interface ConnectContext extends RuntimePlaces {
  agent: AgentDefinition
  launchId: string
  /** The pane's process: runtimes that keep a status file name it by this. */
  pid: number
  channel: RuntimeChannel
  /** Its visible screen as plain text lines; empty when there is none. The last resort: a screen proves little. */
  screen(): Promise<string>
  /**
   * Pastes `text` into its pane and presses Enter: a command of the runtime's own, or a message that it lost. False when
   * nothing was typed.
   */
  type(text: string): Promise<boolean>
  /** A line in the host service's log. */
  log(text: string): void
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
  /**
   * For runtimes that are typed into: runs `type`, which types `message`, while no question can open in it, or refuses and
   * types nothing. What `type` throws is thrown on. `known`: it was taken before, which is said as `duplicate`, and nothing
   * was typed.
   */
  whileNoQuestion?<T>(
    type: () => Promise<T>,
    message: Message,
  ): Promise<{ outcome: 'typed'; result: T } | { outcome: 'known' } | NativeRefusal>
  /** Its own reset of the conversation. */
  reset(): Promise<ResetResult>
}

export interface RuntimeAdapter {
  readonly id: RuntimeId
  /** The word in receipts for its acceptance signal, e.g. `pi:input`. */
  readonly acceptanceSignal: string
  /**
   * Who writes its heartbeat file: the runtime itself, or the host service, each time that `ask` was answered (`source=probe`).
   * `process`: nothing in it can be asked, only its process is known.
   */
  readonly heartbeat: 'itself' | 'probed' | 'process'
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
