/** What an agent's conversation says, as signals: each thing once per connection, however often codex repeats it. */

import type { LimitWindow, SignalBody } from '@mosaic/domain/signal'
import type { ErrorSignal } from './failure.ts'
import { type RolloutFact, rolloutFacts } from './rollout-line.ts'

/** How a message got in, as far as it is known. */
export type Mode = 'turn' | 'queued' | 'steered'

export class ThreadVoice {
  readonly #say: (signal: SignalBody) => void
  readonly #accepted = new Set<string>()
  readonly #begun = new Set<string>()
  readonly #ended = new Set<string>()
  readonly #said = new Map<string, string>()
  #turns: string[] = []
  #open: string | undefined
  #spoken = new Set<string>()
  #failed = false
  #windows: readonly LimitWindow[] = []
  model: string | null = null
  contextUsed: number | null = null

  constructor(say: (signal: SignalBody) => void) {
    this.#say = say
  }

  /** Turns of this conversation that were begun. */
  get turn(): number {
    return this.#turns.length
  }

  /** The running turn, by the rollout. */
  get openTurn(): string | undefined {
    return this.#open
  }

  hasAccepted(id: string): boolean {
    return this.#accepted.has(id)
  }

  accepted(id: string, mode: Mode): void {
    if (this.#accepted.has(id)) return
    this.#accepted.add(id)
    this.#say({ kind: 'accepted', id, mode })
  }

  /** Another file goes on with it from its beginning: turns are counted anew, and none is said twice. */
  beginFile(): void {
    this.#turns = []
    this.#open = undefined
    this.#spoken = new Set()
  }

  failed(signal: ErrorSignal): void {
    this.#failed = true
    this.#say(signal.reason === 'rate-limited' ? { ...signal, until: this.#usedUpUntil() } : signal)
  }

  line(line: string): void {
    for (const fact of rolloutFacts(line)) this.#take(fact)
  }

  /** A line of a file that this conversation has left: only what was accepted there still counts. */
  earlierLine(line: string): void {
    for (const fact of rolloutFacts(line)) if (fact.fact === 'user' && fact.id !== undefined) this.accepted(fact.id, 'turn')
  }

  #take(fact: RolloutFact): void {
    switch (fact.fact) {
      case 'turn-started':
        this.#started(fact.turn)
        return
      case 'turn-ended':
        this.#over(fact)
        return
      case 'user':
        if (fact.id !== undefined) this.accepted(fact.id, this.#spoken.has(fact.turn) ? 'steered' : 'turn')
        this.#spoken.add(fact.turn)
        return
      case 'usage':
        this.#say({ kind: 'usage', key: fact.key, usage: { ...fact.tokens, model: this.model } })
        if (this.#failed) this.#say({ kind: 'recovered' })
        this.#failed = false
        return
      case 'model':
        this.model = fact.model
        this.#whenNew({ kind: 'model', model: fact.model })
        return
      case 'context':
        this.contextUsed = fact.used
        this.#whenNew({ kind: 'context', used: fact.used, limit: fact.limit })
        return
      case 'limits':
        this.#windows = fact.windows
        if (fact.windows.length > 0 || this.#said.has('limits')) this.#whenNew({ kind: 'limits', windows: fact.windows })
        return
      case 'compacted':
        this.#say({ kind: 'compaction', phase: 'ended' })
    }
  }

  #started(turn: string): void {
    // One that SIGKILL cut off has no end of its own.
    if (this.#open !== undefined) this.#over({ fact: 'turn-ended', turn: this.#open, error: undefined })
    this.#open = turn
    this.#turns.push(turn)
    if (this.#begun.has(turn)) return
    this.#begun.add(turn)
    this.#say({ kind: 'turn', phase: 'started', turn: this.#turns.length })
  }

  #over({ turn, error }: Extract<RolloutFact, { fact: 'turn-ended' }>): void {
    if (this.#open === turn) this.#open = undefined
    if (this.#ended.has(turn) || !this.#begun.has(turn)) return
    this.#ended.add(turn)
    if (error !== undefined) this.failed(error)
    this.#say({ kind: 'turn', phase: 'ended', turn: this.#turns.indexOf(turn) + 1 })
  }

  /** Codex tells of a limit in its windows, not in the failure: it goes on when the last of those that are used up begins anew. */
  #usedUpUntil(): number | null {
    const ends = this.#windows.flatMap(({ used_percent, resets_at }) => (used_percent < 100 || resets_at === null ? [] : [resets_at]))
    return ends.length === 0 ? null : Math.max(...ends)
  }

  #whenNew(signal: SignalBody): void {
    const text = JSON.stringify(signal)
    if (this.#said.get(signal.kind) === text) return
    this.#said.set(signal.kind, text)
    this.#say(signal)
  }
}
