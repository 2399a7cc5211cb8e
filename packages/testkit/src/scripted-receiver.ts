/** A receiver of messages that does what a test says: the ports of a runtime and of its session, without a terminal. */

import type { Message } from '@mosaic/domain/message'
import { messageIdOf } from '@mosaic/domain/message'
import type { NativeResult, RuntimeAnswer, RuntimeSession } from '@mosaic/domain/ports/runtime'
import type { PaneState, PasteResult, SessionHost } from '@mosaic/domain/ports/session-host'
import type { Activity } from '@mosaic/domain/signal'
import { turn } from './fake-clock.ts'

export interface HandedOver {
  id: string
  text: string
  launchId: string
  /** What it had answered when it was asked last. */
  lastAnswer: RuntimeAnswer | undefined
}

export interface ReceiverOptions {
  /** It takes messages by an API instead of keys. */
  native?: boolean
  /** It drops a message that it accepted before, by id, also in a later life. */
  dropsDuplicates?: boolean
}

export class ScriptedReceiver {
  readonly name: string
  readonly native: boolean
  readonly dropsDuplicates: boolean
  /** Of its process. */
  up = true
  ready = true
  answers = true
  activity: Activity = 'idle'
  detail: string | null = null
  /** Of its pane. */
  copyMode = false
  /** Accepts what it is given by itself; else when `accept` is called. */
  eager = true
  /** Event-loop turns that an answer or a paste takes. */
  slowness = 0
  /** How long it takes to answer, milliseconds: whoever waits for less hears nothing. */
  answerMs = 0
  /** What is typed into it is typed under this. */
  guard: NonNullable<RuntimeSession['whileNoQuestion']> | undefined
  /** Throws in the middle of a hand-over: before or after the text has arrived. */
  breaks: 'before' | 'after' | undefined
  /** Everything that arrived, repeats included. */
  readonly handed: HandedOver[] = []
  /** What it took, in order: its own memory over all lives. */
  readonly taken: string[] = []
  asked = 0
  #launches = 1
  #waiting: string[] = []
  #lastAnswer: RuntimeAnswer | undefined
  #onAccepted: (id: string) => void = () => {}

  constructor(name: string, options: ReceiverOptions = {}) {
    this.name = name
    this.native = options.native ?? false
    this.dropsDuplicates = options.dropsDuplicates ?? true
  }

  get launchId(): string {
    return `${this.name}-launch-${this.#launches}`
  }

  /** As tmux would name it. */
  get sessionId(): string {
    return `$${this.#launches}`
  }

  /** Given to this life and neither taken nor lost. */
  get waiting(): readonly string[] {
    return this.#waiting
  }

  /** The listener is told as a journal would: of every acceptance, and of every repeat. */
  onAccepted(listener: (id: string) => void): void {
    this.#onAccepted = listener
  }

  /** Its process ends, and with it what it had not taken. */
  die(): void {
    this.up = false
    this.#waiting = []
  }

  /** Another process takes its place. */
  launch(): void {
    this.die()
    this.#launches += 1
    this.up = true
  }

  /** Takes the oldest that waits; false when nothing does. */
  accept(): boolean {
    const id = this.#waiting.shift()
    if (id === undefined) return false
    if (!(this.dropsDuplicates && this.taken.includes(id))) this.taken.push(id)
    this.#onAccepted(id)
    return true
  }

  /** Its link. */
  session(): RuntimeSession {
    const { guard } = this
    const base: RuntimeSession = {
      ask: (timeoutMs) => this.#ask(timeoutMs),
      reset: async () => 'none',
      ...(guard === undefined ? {} : { whileNoQuestion: guard }),
    }
    return this.native ? { ...base, deliver: (message, rendered) => this.#deliver(message, rendered) } : base
  }

  async paste(sessionId: string, text: string): Promise<PasteResult> {
    await this.#pause()
    if (!this.up) return { outcome: 'refused', because: 'dead' }
    if (sessionId !== this.sessionId) return { outcome: 'refused', because: 'other-incarnation' }
    if (this.copyMode) return { outcome: 'refused', because: 'copy-mode' }
    this.#arrive(text)
    await this.#pause()
    return { outcome: 'pasted' }
  }

  async #ask(timeoutMs: number): Promise<RuntimeAnswer | undefined> {
    this.asked += 1
    await this.#pause()
    if (!this.up || !this.answers || this.answerMs > timeoutMs) return undefined
    const { activity, detail, ready } = this
    this.#lastAnswer = { pid: 1, activity, detail, ready, turn: 0, model: null, contextUsed: null }
    return this.#lastAnswer
  }

  async #deliver(_: Message, rendered: string): Promise<NativeResult> {
    await this.#pause()
    if (!this.up || !this.answers) return { outcome: 'refused', because: 'hung', detail: 'nothing listens' }
    if (this.activity === 'waiting') return { outcome: 'refused', because: 'dialog', detail: this.detail ?? '' }
    this.#arrive(rendered)
    await this.#pause()
    return { outcome: 'handed-over' }
  }

  #arrive(text: string): void {
    const { breaks } = this
    this.breaks = undefined
    if (breaks === 'before') throw new Error('broken before it arrived')
    const id = messageIdOf(text) ?? ''
    this.handed.push({ id, text, launchId: this.launchId, lastAnswer: this.#lastAnswer })
    this.#waiting.push(id)
    if (this.eager) this.accept()
    if (breaks === 'after') throw new Error('broken after it arrived')
  }

  async #pause(): Promise<void> {
    for (let turns = 0; turns < this.slowness; turns += 1) await turn()
  }
}

/** The sessions of some receivers, as far as a courier uses them. */
export class ScriptedHost implements SessionHost {
  readonly #receivers: ReadonlyMap<string, ScriptedReceiver>

  constructor(receivers: readonly ScriptedReceiver[]) {
    this.#receivers = new Map(receivers.map((receiver) => [receiver.name, receiver]))
  }

  async paste(session: string, sessionId: string, text: string): Promise<PasteResult> {
    return (await this.#receivers.get(session)?.paste(sessionId, text)) ?? { outcome: 'refused', because: 'no-session' }
  }

  async list(): Promise<PaneState[]> {
    return []
  }

  async create(): Promise<PaneState> {
    throw new Error('a scripted host makes no sessions')
  }

  async kill(session: string): Promise<boolean> {
    const receiver = this.#receivers.get(session)
    receiver?.die()
    return receiver !== undefined
  }

  async capture(): Promise<string> {
    return ''
  }

  async close(): Promise<void> {}
}
