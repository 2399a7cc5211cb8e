/** The stub's mind: takes messages one by one, thinks for a moment, answers; or is busy, or waits for a permission. */

import { messageIdOf } from '@mosaic/domain/preamble'
import type { Activity } from '@mosaic/domain/signal'
import { bytesOf, replyTo } from './reply.ts'
import { noTranscript, type Transcript, type TranscriptEntry } from './transcript.ts'

/** Entries kept for the screen. */
const KEEP_ENTRIES = 200

/** What the conversation tells its fleet; a fleet that is not there listens to nothing. */
export interface ConversationEvents {
  /** Makes the message this program's own, durably. False: it was taken before. @throws when it cannot be kept */
  accept(id: string, text: string, mode: 'turn' | 'queued'): boolean
  /** Work on the message with this id begins. */
  begin(id: string): void
  /** The message with this id is answered. */
  finish(id: string): void
  turn(phase: 'started' | 'ended', turn: number): void
  /** Something that is shown or asked for changed. */
  changed(): void
}

export interface Dialog {
  question: string
}

interface Submitted {
  id: string | undefined
  text: string
}

export class Conversation {
  readonly #events: ConversationEvents
  readonly #thinkMs: number
  #transcript: Transcript = noTranscript
  #entries: TranscriptEntry[] = []
  readonly #queue: Submitted[] = []
  #current: Submitted | undefined
  #timer: NodeJS.Timeout | undefined
  #busy: 'thinking' | 'working' | undefined
  #dialog: Dialog | undefined
  #turn = 0
  #bytes = 0

  constructor(events: ConversationEvents, thinkMs: number) {
    this.#events = events
    this.#thinkMs = thinkMs
  }

  /** Goes on with the conversation of a transcript, and in it. */
  open(transcript: Transcript): void {
    this.#transcript = transcript
    this.#entries = transcript.resumed.slice(-KEEP_ENTRIES)
    this.#turn = transcript.resumed.filter(({ role }) => role === 'assistant').length
    this.#bytes = transcript.resumed.reduce((sum, { text }) => sum + bytesOf(text), 0)
  }

  get entries(): readonly TranscriptEntry[] {
    return this.#entries
  }

  get dialog(): Dialog | undefined {
    return this.#dialog
  }

  /** Answers given in this conversation. */
  get turn(): number {
    return this.#turn
  }

  /** Messages that wait behind the one being answered. */
  get queued(): number {
    return this.#queue.length
  }

  /** About four bytes to a token, as real tokenisers have for English. */
  get contextUsed(): number {
    return Math.ceil(this.#bytes / 4)
  }

  get activity(): Exclude<Activity, 'draft'> {
    if (this.#dialog !== undefined) return 'waiting'
    return this.#busy === undefined ? 'idle' : 'busy'
  }

  /** A message, typed or delivered. */
  submit(text: string): void {
    const id = messageIdOf(text)
    const mode = this.activity === 'idle' && this.#queue.length === 0 ? 'turn' : 'queued'
    if (id !== undefined && !this.#accept(id, text, mode)) return
    this.#queue.push({ id, text })
    this.#next()
  }

  /** Takes up what an earlier process accepted and did not answer. */
  takeUp(messages: readonly { id: string; text: string }[]): void {
    this.#queue.push(...messages)
    this.#next()
  }

  /** Is busy with nothing for a while; messages wait. */
  work(durationMs: number): void {
    if (this.#current !== undefined) this.notice('busy already')
    else this.#begin('working', durationMs)
  }

  ask(question: string): void {
    this.#dialog = { question }
    this.#events.changed()
  }

  answer(approved: boolean): void {
    const dialog = this.#dialog
    if (dialog === undefined) return
    this.#dialog = undefined
    this.notice(`${approved ? 'approved' : 'denied'}: ${dialog.question}`)
    this.#next()
  }

  /** Ends what it is busy with; a message that is being answered counts as answered. */
  interrupt(): void {
    if (this.#busy === undefined) return
    clearTimeout(this.#timer)
    this.notice('interrupted')
    this.#end()
  }

  /** A new conversation; what waits in the queue is answered in it. */
  clear(): void {
    if (this.#busy !== undefined) {
      clearTimeout(this.#timer)
      if (this.#current?.id !== undefined) this.#events.finish(this.#current.id)
      this.#current = undefined
      this.#busy = undefined
    }
    this.#dialog = undefined
    this.#remember({ at: Date.now(), role: 'cleared', text: '' })
    this.#entries = []
    this.#turn = 0
    this.#bytes = 0
    this.#events.changed()
    this.#next()
  }

  say(text: string): void {
    this.#record({ at: Date.now(), role: 'assistant', text })
  }

  notice(text: string): void {
    this.#record({ at: Date.now(), role: 'notice', text })
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #accept(id: string, text: string, mode: 'turn' | 'queued'): boolean {
    try {
      return this.#events.accept(id, text, mode)
    } catch (error) {
      this.notice(`not accepted: ${error instanceof Error ? error.message : 'it could not be recorded'}`)
      return false
    }
  }

  #record(entry: TranscriptEntry): void {
    this.#entries = [...this.#entries.slice(-KEEP_ENTRIES + 1), entry]
    this.#bytes += bytesOf(entry.text)
    this.#remember(entry)
    this.#events.changed()
  }

  /** A full disk costs the memory of this, not the conversation. */
  #remember(entry: TranscriptEntry): void {
    try {
      this.#transcript.append(entry)
    } catch {
      // The screen still shows it.
    }
  }

  #next(): void {
    if (this.#busy !== undefined || this.#dialog !== undefined) return
    const message = this.#queue.shift()
    if (message === undefined) return
    this.#current = message
    const { id, text } = message
    // After a restart the unanswered message is in the transcript already.
    const known = id !== undefined && this.#entries.some((entry) => entry.id === id && entry.role === 'user')
    if (!known) this.#record({ at: Date.now(), role: 'user', text, ...(id === undefined ? {} : { id }) })
    if (id !== undefined) this.#events.begin(id)
    this.#events.turn('started', this.#turn + 1)
    this.#begin('thinking', this.#thinkMs)
  }

  #begin(busy: 'thinking' | 'working', durationMs: number): void {
    clearTimeout(this.#timer)
    this.#busy = busy
    this.#timer = setTimeout(() => this.#end(), durationMs)
    this.#events.changed()
  }

  #end(): void {
    const message = this.#current
    if (message !== undefined) {
      this.say(replyTo(message.text))
      this.#turn += 1
      if (message.id !== undefined) this.#events.finish(message.id)
      this.#events.turn('ended', this.#turn)
    }
    this.#current = undefined
    this.#busy = undefined
    this.#next()
    this.#events.changed()
  }
}
