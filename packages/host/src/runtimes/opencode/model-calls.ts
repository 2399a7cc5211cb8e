/** Calls of the model as signals: turns, tokens, the space that is used, and failures, each said once. */

import type { SignalBody } from '@mosaic/domain/signal'
import { type Fields, textOf } from '../fields.ts'
import type { MessageInfo } from './api.ts'
import type { ModelFacts } from './model-choice.ts'
import type { SessionRecord } from './session-record.ts'
import { contextUsedOf, errorSignal, modelNameOf, usageSignal } from './usage.ts'

export interface ModelCallsParts {
  record: SessionRecord
  sink(signal: SignalBody): void
  factsOf(providerID: string, modelID: string): ModelFacts | undefined
  nowMs(): number
}

export class ModelCalls {
  readonly #parts: ModelCallsParts
  #turnOpen = false
  /** The last failure that was said, and is not over. */
  #failure: string | undefined
  model: string | null = null
  contextUsed: number | null = null

  constructor(parts: ModelCallsParts) {
    this.#parts = parts
  }

  /** A new conversation: nothing of the old one's turns belongs to it. */
  begin(): void {
    this.#turnOpen = false
    this.contextUsed = null
  }

  /**
   * What an assistant's message says, which is told many times while it grows.
   * @param isNew false for what stands before the last turn that was counted
   */
  heard(info: MessageInfo, isNew: boolean): void {
    const { record, sink, factsOf } = this.#parts
    const own = info.sessionID === record.current
    if (own && isNew && !info.isSummary && info.parentID !== undefined && info.parentID !== record.turnOf) this.#beginTurn(info.parentID)
    if (info.completedMs === undefined) return
    const facts = factsOf(textOf(info.fields['providerID']) ?? '', textOf(info.fields['modelID']) ?? '')
    const usage = usageSignal(info, facts?.priced ?? false)
    if (own && usage !== undefined) this.#measure(info, facts)
    if (record.hasSaid(info.id)) return
    if (usage !== undefined) sink(usage)
    if (info.error !== undefined) this.failedWith(info.error)
    else if (this.#failure !== undefined) this.#recovered()
    record.noteSaid(info.id)
  }

  /** The turn whose answer is under way goes on, as it was left. */
  resume(last: MessageInfo | undefined): void {
    if (last?.role === 'assistant' && last.completedMs === undefined && last.parentID === this.#parts.record.turnOf) this.#turnOpen = true
  }

  endTurn(): void {
    if (this.#turnOpen) this.#parts.sink({ kind: 'turn', phase: 'ended', turn: this.#parts.record.turn })
    this.#turnOpen = false
  }

  /** The same failure is told by an event and by its message. */
  failedWith(error: Fields): void {
    const signal = errorSignal(error, this.#parts.nowMs())
    if (signal !== undefined) this.sayFailure(signal)
  }

  sayFailure(signal: SignalBody): void {
    const word = JSON.stringify(signal)
    if (word !== this.#failure) this.#parts.sink(signal)
    this.#failure = word
  }

  #measure(info: MessageInfo, facts: ModelFacts | undefined): void {
    const model = modelNameOf(info)
    if (model !== null && model !== this.model) this.#parts.sink({ kind: 'model', model })
    const used = contextUsedOf(info)
    if (used !== this.contextUsed) this.#parts.sink({ kind: 'context', used, limit: facts?.contextLimit ?? null })
    this.model = model
    this.contextUsed = used
  }

  #beginTurn(turnOf: string): void {
    this.endTurn()
    this.#parts.sink({ kind: 'turn', phase: 'started', turn: this.#parts.record.beginTurn(turnOf) })
    this.#turnOpen = true
  }

  #recovered(): void {
    this.#failure = undefined
    this.#parts.sink({ kind: 'recovered' })
  }
}
