/** A living Claude Code, as reached over its hooks, its transcripts, its status file and its MCP client. */

import { join } from 'node:path'
import { type Message, renderMessage } from '@mosaic/domain/message'
import type { ConnectContext, NativeRefusal, ResetResult, RuntimeAnswer, RuntimeSession } from '@mosaic/domain/ports/runtime'
import type { SignalBody } from '@mosaic/domain/signal'
import { Inbox } from '../../signals/inbox.ts'
import { fieldsOf, textOf } from '../fields.ts'
import { Guard } from '../guard.ts'
import { Turns } from '../in-turn.ts'
import { Conversation } from './conversation.ts'
import { errorSignal, retryOn } from './failure.ts'
import { ClaudeHooks } from './hooks.ts'
import { RECONNECT_COMMAND, Reconnect } from './reconnect.ts'
import { resetClaude } from './reset.ts'
import { noteSession, readSessions } from './session-record.ts'
import { type ClaudeStatus, StatusFile } from './status-file.ts'
import { readStatusLine, STATUS_LINE_FILE } from './status-line.ts'
import type { Said } from './transcript-line.ts'
import { Typing } from './typing.ts'
import { ClaudeVoice } from './voice.ts'

/** A message that was taken stands in the transcript after this time idle, milliseconds, or was lost. */
const LOST_MS = 1500
/** How often a transcript is looked for that is about to be made, milliseconds. */
const APPEARS_MS = 250

const UNHEARD: NativeRefusal = { outcome: 'refused', because: 'unavailable', detail: 'what it says cannot be stored: the disk may be full' }

export class ClaudeSession implements RuntimeSession {
  readonly #context: ConnectContext
  readonly #directory: string
  readonly #inbox: Inbox
  readonly #voice: ClaudeVoice
  readonly #hooks: ClaudeHooks
  readonly #status: StatusFile
  readonly #typing: Typing
  readonly #reconnect: Reconnect
  /** What is typed at once stands in one composer: never two of these at the same time. */
  readonly #turns = new Turns()
  #conversation: Conversation | undefined
  /** The one before, whose last words can reach the disk after the next has begun. */
  #before: Conversation | undefined
  #sink: (signal: SignalBody) => void = () => {}
  #statusLine = ''
  #lost: NodeJS.Timeout | undefined
  #appearing: NodeJS.Timeout | undefined
  #looking = false
  readonly #guard: Guard
  /** What was said before this connection is read whole. */
  #isCaughtUp = false
  /** The status that was not taken in as a whole. */
  #due: ClaudeStatus | undefined
  #isReady = false
  #isOver = false

  /** @param directory the configuration home that it was launched with */
  constructor(context: ConnectContext, directory: string) {
    this.#context = context
    this.#directory = readSessions(context.stateDirectory)?.directory ?? directory
    this.#inbox = new Inbox(context.stateDirectory)
    this.#voice = new ClaudeVoice(this.#inbox, (signal) => this.#sink(signal))
    this.#hooks = new ClaudeHooks(this.#voice, () => this.#sink({ kind: 'stopped' }))
    this.#guard = new Guard({ log: (text) => context.log(text), lookAgain: () => this.#lookAgain() })
    this.#status = new StatusFile(this.#directory, context.pid, (status) => this.#enter(() => this.#became(status)))
    const status = () => this.#status.read()
    this.#typing = new Typing({ gate: this.#hooks.gate, voice: this.#voice, status, screen: context.screen })
    this.#reconnect = new Reconnect({
      hasStream: () => context.channel.hasStream,
      isIdle: () => status()?.status === 'idle',
      type: () => this.#inTurn(() => this.#typing.command(() => context.type(RECONNECT_COMMAND))),
      nowMs: () => performance.now(),
    })
  }

  observe(sink: (signal: SignalBody) => void): Disposable {
    this.#sink = sink
    sink({ kind: 'started', session: readSessions(this.#context.stateDirectory)?.ids.at(-1) ?? null })
    this.#enter(() => this.#catchUp())
    const listening = this.#context.channel.onHook((name, payload) => this.#heed(name, payload))
    this.#status.follow()
    return {
      [Symbol.dispose]: () => {
        this.#sink = () => {}
        this.#isOver = true
        this.#guard[Symbol.dispose]()
        clearTimeout(this.#lost)
        clearTimeout(this.#appearing)
        listening[Symbol.dispose]()
        this.#status[Symbol.dispose]()
        this.#conversation?.[Symbol.dispose]()
        this.#before?.[Symbol.dispose]()
        this.#inbox[Symbol.dispose]()
      },
    }
  }

  async ask(timeoutMs: number): Promise<RuntimeAnswer | undefined> {
    const answered = await this.#context.channel.ping(timeoutMs)
    this.#enter(() => this.#reconnect.look())
    if (!answered) return undefined
    const status = this.#status.read()
    this.#enter(() => this.#readAll())
    const { turn, model, contextUsed, asking } = this.#voice
    const asks = asking !== undefined && (status === undefined || asking.sinceMs >= status.sinceMs || status.status === 'waiting')
    const activity = asks ? 'waiting' : this.#voice.isBeginning(status) ? 'busy' : (status?.status ?? 'idle')
    const detail = activity === 'waiting' ? (asking?.detail ?? status?.waitingFor ?? null) : null
    const { pid, agent } = this.#context
    return { pid, activity, detail, ready: status !== undefined, turn, model: model ?? agent.model ?? null, contextUsed }
  }

  whileNoQuestion<T>(
    type: () => Promise<T>,
    message: Message,
  ): Promise<{ outcome: 'typed'; result: T } | { outcome: 'known' } | NativeRefusal> {
    return this.#inTurn(async () => {
      const { id } = message
      // What cannot be taken in can say that it was accepted before.
      if (!(await this.#guard.run(() => this.#readBoth()))) return UNHEARD
      if (this.#inbox.state(id) === 'unknown') return this.#typing.type({ id, text: renderMessage(message), again: false }, type)
      this.#sink({ kind: 'duplicate', id })
      return { outcome: 'known' }
    })
  }

  reset(): Promise<ResetResult> {
    const status = () => this.#status.read()
    const type = (text: string) => this.#context.type(text)
    return this.#inTurn(() => resetClaude({ status, voice: this.#voice, typing: this.#typing, type }))
  }

  /** For whatever nobody called and nobody waits for. */
  #enter(act: () => unknown): void {
    void this.#guard.run(act)
  }

  #lookAgain(): void {
    if (this.#isOver) return
    if (this.#due === undefined) this.#readAll()
    else this.#became(this.#due)
  }

  #catchUp(): void {
    if (this.#isCaughtUp) return
    this.#voice.inThePast(() => {
      for (const id of readSessions(this.#context.stateDirectory)?.ids.slice(-2) ?? []) {
        if (this.#before?.id !== id && this.#conversation?.id !== id) this.#follow(id)
      }
      this.#before?.read()
      this.#conversation?.read()
    })
    this.#isCaughtUp = true
  }

  /** Until the first prompt has made its file, there is none that could tell of a change. */
  #readTranscript(): void {
    this.#readBoth()
    clearTimeout(this.#appearing)
    const busy = this.#status.read()?.status !== 'idle'
    if (busy && this.#conversation?.isThere === false)
      this.#appearing = setTimeout(() => this.#enter(() => this.#readTranscript()), APPEARS_MS).unref()
  }

  #readAll(): void {
    this.#readTranscript()
    this.#readStatusLine()
    if (this.#voice.requests > 1) void this.#lookForRetry()
  }

  /** Hooks are heard in the order in which they come, and what they tell of stands in the transcript soon. */
  async #heed(name: string, payload: unknown): Promise<unknown> {
    const answer = await this.#hooks.heed(name, payload)
    this.#enter(() => {
      this.#readTranscript()
      if (name === 'Stop' || name === 'StopFailure') this.#readStatusLine()
    })
    if (name === 'StopFailure') {
      const { error, error_details: details, last_assistant_message: last } = fieldsOf(payload)
      this.#voice.failed(errorSignal(textOf(error) ?? '', textOf(details) ?? textOf(last) ?? ''))
    }
    return answer
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.run(async () => {
      await this.#typing.settled()
      return work()
    })
  }

  #readBoth(): void {
    this.#catchUp()
    this.#before?.read()
    this.#conversation?.read()
  }

  #follow(id: string): void {
    if (this.#before !== this.#conversation) this.#before?.[Symbol.dispose]()
    this.#before = this.#conversation
    this.#before?.read()
    this.#voice.begins()
    const hear = (said: Said) => {
      if (this.#isCaughtUp) this.#hear(id, said)
      else this.#voice.inThePast(() => this.#hear(id, said))
    }
    this.#conversation = new Conversation(this.#directory, id, hear, (look) => this.#enter(look))
    this.#conversation.read()
  }

  #hear(id: string, said: Said): void {
    // The turns of the one before are no turns any more; its messages were worked off and its calls cost.
    if (this.#before?.id === id) this.#voice.saidBefore(said)
    else this.#voice.said(said)
    if (said.kind === 'request' && this.#voice.requests > 1) void this.#lookForRetry()
  }

  #became(status: ClaudeStatus): void {
    this.#due = status
    this.#catchUp()
    if (this.#conversation?.id !== status.sessionId) {
      noteSession(this.#context.stateDirectory, { id: status.sessionId, directory: this.#directory })
      this.#isReady = false
      this.#follow(status.sessionId)
    }
    this.#readAll()
    if (!this.#isReady) {
      this.#sink({ kind: 'ready' })
      this.#isReady = true
    }
    this.#voice.became(status)
    this.#due = undefined
    clearTimeout(this.#lost)
    if (status.status === 'idle') this.#lost = setTimeout(() => void this.#giveAgain(), LOST_MS).unref()
  }

  /** What it had accepted and was killed, reset or stopped before it began with it. */
  async #giveAgain(): Promise<void> {
    let given = false
    await this.#guard.run(async () => {
      given = await this.#inTurn(() => this.#typeLost())
    })
    if (!given && !this.#isOver) this.#lost = setTimeout(() => void this.#giveAgain(), LOST_MS).unref()
  }

  /** False when there is something to give again, and it could not be typed. */
  async #typeLost(): Promise<boolean> {
    // Another connection does it from then on, and perhaps to another process.
    if (this.#isOver) return true
    this.#readBoth()
    const message = this.#voice.lost(this.#status.read())
    if (message === undefined) return true
    const typed = await this.#typing.type({ ...message, again: true }, () => this.#context.type(message.text))
    return typed.outcome === 'typed' && typed.result
  }

  #readStatusLine(): void {
    const signals = readStatusLine(join(this.#context.stateDirectory, STATUS_LINE_FILE))
    const text = JSON.stringify(signals)
    if (signals.length === 0 || text === this.#statusLine) return
    for (const signal of signals) this.#sink(signal)
    this.#statusLine = text
  }

  /** Why it asks the model again stands on its screen alone. */
  async #lookForRetry(): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    try {
      const retry = retryOn(await this.#context.screen(), Date.now())
      if (retry !== undefined) this.#voice.failed(retry)
    } catch {
      // Its pane is gone: what became of it is told by others.
    } finally {
      this.#looking = false
    }
  }
}
