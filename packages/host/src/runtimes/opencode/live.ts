/** One living OpenCode as it is reached: what its parts share. */

import type { AgentDefinition } from '@mosaic/domain/agent'
import type { SignalBody } from '@mosaic/domain/signal'
import { Turns } from '../in-turn.ts'
import type { ModelChoice } from './model-choice.ts'
import { ServerClient } from './server-client.ts'
import { SessionRecord } from './session-record.ts'
import { SessionsApi } from './sessions-api.ts'
import { Translator } from './translator.ts'

export interface LiveParts {
  agent: AgentDefinition
  /** The process of the server and of the terminal. */
  pid: number
  stateDirectory: string
  screen(): Promise<string>
  log(text: string): void
  nowMs(): number
}

export class Live {
  readonly parts: LiveParts
  readonly server: ServerClient
  readonly api: SessionsApi
  readonly record: SessionRecord
  readonly voice: Translator
  /** Deliveries, resets and what is taken up again: never two at once. */
  readonly turns = new Turns()
  choice: ModelChoice | undefined
  ready = false
  onIdle: () => void = () => {}
  #sink: ((signal: SignalBody) => void) | undefined

  constructor(parts: LiveParts) {
    this.parts = parts
    this.server = new ServerClient(parts.pid)
    this.api = new SessionsApi(this.server)
    this.record = SessionRecord.in(parts.stateDirectory)
    this.voice = new Translator({
      record: this.record,
      sink: (signal) => this.say(signal),
      factsOf: (providerID, modelID) => this.choice?.facts(providerID, modelID),
      nowMs: parts.nowMs,
      onConversation: (sessionID) => this.enter(sessionID),
      onIdle: () => this.onIdle(),
    })
  }

  listen(sink: ((signal: SignalBody) => void) | undefined): void {
    this.#sink = sink
  }

  say(signal: SignalBody): void {
    this.#sink?.(signal)
  }

  /** The agent is in this conversation from now on, whoever began it. */
  enter(sessionID: string): void {
    if (this.record.current === sessionID) return
    this.record.enter(sessionID, this.parts.nowMs())
    this.voice.begin()
    if (!this.ready) return
    this.say({ kind: 'started', session: sessionID })
    this.say({ kind: 'ready' })
  }
}
