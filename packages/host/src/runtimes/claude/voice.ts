/** What Claude Code says in hooks, transcripts and its status file, as signals, each once. */

import { messageIdOf } from '@mosaic/domain/preamble'
import type { SignalBody } from '@mosaic/domain/signal'
import type { AcceptedMessage, Inbox } from '../../signals/inbox.ts'
import { fieldsOf, textOf } from '../fields.ts'
import { type ErrorSignal, errorSignal } from './failure.ts'
import { asked, TAKEN_BEFORE, type Typed, taken } from './hook-answers.ts'
import { messagesIn } from './prompt-messages.ts'
import type { ClaudeStatus } from './status-file.ts'
import { type Said, type Usage, withoutPasteMark } from './transcript-line.ts'

/** A status that is younger than this may be of the prompt that is being told of, milliseconds. */
const FRESH_MS = 1000
/** After this a prompt that was taken has made it busy, or was over at once, milliseconds. */
const BEGINNING_MS = 5000

/** What throws, as on a full disk, can be called again as a whole. */
export class ClaudeVoice {
  /** Of the conversation in use. */
  turn = 0
  model: string | null = null
  contextUsed: number | null = null
  /** What a person is asked, since when (epoch milliseconds). */
  asking: { detail: string; sinceMs: number } | undefined
  /** Requests to the model since it last spoke. */
  requests = 0
  readonly #inbox: Inbox
  readonly #sink: (signal: SignalBody) => void
  readonly #waiters = new Map<string, () => void>()
  /** Given again by us, because it was lost on its way. */
  readonly #again = new Set<string>()
  /** In Claude Code's queue, as far as is known. */
  readonly #inQueue = new Set<string>()
  /** Of these, what the transcript says is in it: on its way into the conversation, however long that takes. */
  readonly #enqueued = new Set<string>()
  /** Accepted, and not heard of yet: whoever listens failed. */
  readonly #unsaid = new Map<string, 'turn' | 'queued'>()
  readonly #calls = new Map<string, Usage>()
  #expected: Typed | undefined
  #submittedMs = 0
  #open = false
  #failed = false
  #status: ClaudeStatus | undefined
  #past = false

  constructor(inbox: Inbox, sink: (signal: SignalBody) => void) {
    this.#inbox = inbox
    this.#sink = sink
  }

  /** True while a prompt was taken of which the status does not know yet. */
  isBeginning(status: ClaudeStatus | undefined): boolean {
    return status?.status === 'idle' && this.#submittedMs > status.sinceMs && Date.now() - this.#submittedMs < BEGINNING_MS
  }

  /**
   * What it accepted and does not have any more. A status that is older than the last prompt does not know of that prompt,
   * and says nothing of it; what stands in the queue is not lost, also while an idle moment passes between two turns.
   */
  lost(status: ClaudeStatus | undefined): AcceptedMessage | undefined {
    if (status?.status !== 'idle' || status.sinceMs <= this.#submittedMs) return undefined
    return this.#inbox.pending().find(({ id }) => !this.#enqueued.has(id))
  }

  /** What is read in `act` was said before: only what is known by an id is said again. */
  inThePast(act: () => void): void {
    const within = this.#past
    this.#past = true
    try {
      act()
    } finally {
      this.#past = within
      this.#open = false
      this.#emptied()
      this.requests = 0
    }
  }

  /** It is about to be typed. */
  expect(typed: Typed): void {
    this.#expected = typed
    if (typed.again) this.#again.add(typed.id)
  }

  /** Resolves when the message was taken, or after `withinMs`. */
  async taken(id: string, withinMs: number): Promise<void> {
    if (this.#inbox.state(id) !== 'unknown' && !this.#again.has(id)) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiters.set(id, resolve)
    const timer = setTimeout(resolve, withinMs)
    await promise
    clearTimeout(timer)
    this.#waiters.delete(id)
  }

  /** @returns the hook's answer */
  submitted(payload: unknown): unknown {
    const prompt = textOf(fieldsOf(payload)['prompt']) ?? ''
    const id = messageIdOf(prompt)
    this.asking = undefined
    this.#submittedMs = Date.now()
    if (id === undefined) return {}
    const typed = this.#expected?.id === id ? this.#expected : undefined
    if (this.#inbox.state(id) === 'unknown') this.#accept(id, typed?.text ?? prompt, typed?.mode ?? this.#mode())
    else if (this.#isTaken(id)) {
      this.#sink({ kind: 'duplicate', id })
      return TAKEN_BEFORE
    }
    this.#inQueue.add(id)
    this.#waiters.get(id)?.()
    return typed === undefined ? {} : taken(typed, prompt)
  }

  asks(payload: unknown): void {
    this.asking = { detail: asked(payload), sinceMs: Date.now() }
    this.#sink({ kind: 'activity', activity: 'waiting', detail: this.asking.detail })
  }

  failed(signal: ErrorSignal): void {
    this.#failed = true
    this.#sink(signal)
  }

  compacts(phase: 'started' | 'ended'): void {
    this.#sink({ kind: 'compaction', phase })
  }

  said(said: Said): void {
    if (said.kind === 'prompt') this.#prompt(said.texts, said.turn)
    else if (said.kind === 'queued') this.#queued(withoutPasteMark(said.text))
    else if (said.kind === 'unqueued') this.#emptied()
    else if (said.kind === 'call') this.#call(said)
    else if (said.kind === 'request') this.requests += 1
    else if (said.kind === 'turn-over') this.over()
    else if (!this.#past) this.failed(errorSignal(said.error, said.detail))
  }

  /** In the conversation before this one, whose last words came to the disk when this one had begun. */
  saidBefore(said: Said): void {
    if (said.kind === 'prompt') this.#prompt(said.texts, undefined)
    else if (said.kind === 'call') this.#call({ ...said, isSub: true })
  }

  became(status: ClaudeStatus): void {
    this.#status = status
    const { asking } = this
    if (status.status !== 'waiting' && asking !== undefined && status.sinceMs > asking.sinceMs) this.asking = undefined
    const detail = status.status === 'waiting' ? (this.asking?.detail ?? status.waitingFor) : null
    this.#sink({ kind: 'activity', activity: status.status, detail })
    if (status.status === 'idle') this.over()
  }

  /** The turn, if there is one, has ended. */
  over(): void {
    this.#finishCalls()
    this.requests = 0
    if (!this.#open) return
    if (!this.#past) this.#sink({ kind: 'turn', phase: 'ended', turn: this.turn })
    this.#open = false
  }

  /** Another conversation, of which nothing has been said. */
  begins(): void {
    this.over()
    this.turn = 0
    this.contextUsed = null
    this.#emptied()
  }

  #mode(): 'turn' | 'queued' {
    const busy = this.#status !== undefined && this.#status.status !== 'idle' && Date.now() - this.#status.sinceMs > FRESH_MS
    return this.#open || busy || this.isBeginning(this.#status) ? 'queued' : 'turn'
  }

  /** Before the prompt that is told of now. It may have come into the conversation while it was typed again. */
  #isTaken(id: string): boolean {
    const again = this.#again.delete(id)
    return this.#inbox.state(id) === 'done' || (!again && this.#inQueue.has(id))
  }

  #queued(text: string): void {
    this.#hear(text, 'queued')
    for (const id of messagesIn(text, this.#inbox.pending())) this.#enqueued.add(id)
  }

  /** A person took it all into the composer, or nothing is known of it. */
  #emptied(): void {
    this.#inQueue.clear()
    this.#enqueued.clear()
  }

  #accept(id: string, text: string, mode: 'turn' | 'queued'): void {
    this.#inbox.accept(id, text)
    this.#unsaid.set(id, mode)
    this.#sayAccepted(id)
  }

  #sayAccepted(id: string): void {
    const mode = this.#unsaid.get(id)
    if (mode === undefined) return
    this.#sink({ kind: 'accepted', id, mode })
    this.#unsaid.delete(id)
  }

  /** In a transcript. Said again with each connection, for a host service that was killed before it had stored it. */
  #hear(text: string, mode: 'turn' | 'queued'): void {
    const id = messageIdOf(text)
    if (id === undefined) return
    if (this.#inbox.state(id) === 'unknown') this.#accept(id, text, mode)
    else if (this.#past) this.#sink({ kind: 'accepted', id, mode })
    else this.#sayAccepted(id)
  }

  #prompt(texts: readonly string[], turn: number | undefined): void {
    for (const text of texts) {
      this.#hear(withoutPasteMark(text), 'turn')
      for (const id of messagesIn(text, this.#inbox.pending())) {
        this.#inQueue.delete(id)
        this.#enqueued.delete(id)
        this.#inbox.finish(id)
      }
    }
    if (turn === undefined || turn <= this.turn) return
    this.over()
    if (!this.#past) this.#sink({ kind: 'turn', phase: 'started', turn })
    this.turn = turn
    this.#open = true
  }

  #call({ id, usage, final, isSub }: Extract<Said, { kind: 'call' }>): void {
    if (!this.#calls.has(id)) this.#finishCalls()
    this.#calls.set(id, usage)
    if (!isSub) {
      this.requests = 0
      this.contextUsed = usage.input + usage.cache_read + usage.cache_write
      this.model = usage.model
    }
    if (this.#failed && !this.#past) {
      this.#failed = false
      this.#sink({ kind: 'recovered' })
    }
    if (final) this.#finishCalls()
  }

  /** A call is told once per block of its answer, and counts as it was told last. */
  #finishCalls(): void {
    for (const [id, usage] of this.#calls) this.#sink({ kind: 'usage', key: `claude:${id}`, usage })
    this.#calls.clear()
  }
}
