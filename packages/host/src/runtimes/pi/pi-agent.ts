/**
 * One pi process as a member of a fleet. Lives as long as the process: sessions come and go in it (`/new`, `/resume`), and
 * each brings a new `pi` and `ctx`.
 */

import { join } from 'node:path'
import type { NativeResult } from '@mosaic/domain/ports/runtime'
import { messageIdOf } from '@mosaic/domain/preamble'
import { atomicWrite } from '../../files/atomic-write.ts'
import { parseDeliver } from '../../link/link-protocol.ts'
import { FleetVoice, type RuntimeState, type VoicePlaces } from '../fleet-voice.ts'
import { Deliveries } from './deliveries.ts'
import { type PiApi, type PiContext, type PiEvents, type PiMessage, textOf } from './pi-api.ts'
import { modelOf, quietState, refusalOf } from './pi-state.ts'
import { unfinishedIn } from './resume.ts'
import { SESSION_FILE } from './session-file.ts'
import { ModelCalls } from './usage.ts'

export const RESET_COMMAND = 'mosaic-reset'

/** A reset that pi has not finished in this time did not happen, milliseconds. */
const RESET_MS = 10_000

const CONTINUE = 'This session was interrupted while you worked on the last message of your fleet. Take that work up again where it ended.'

const refused = (because: 'dialog' | 'starting' | 'unavailable', detail: string): NativeResult => ({ outcome: 'refused', because, detail })
const HANDED_OVER: NativeResult = { outcome: 'handed-over' }

export class PiAgent {
  readonly voice: FleetVoice
  readonly #places: VoicePlaces
  readonly #deliveries: Deliveries
  /** Messages that pi works on in the run that is under way. */
  readonly #current = new Set<string>()
  readonly #calls = new ModelCalls()
  #pi: PiApi | undefined
  #ctx: PiContext | undefined
  #starting = false
  #listening = false
  #prompt: string | undefined
  #compacting = false
  #running = false
  #turn = 0
  #resetDone: ((done: boolean) => void) | undefined

  constructor(places: VoicePlaces) {
    this.#places = places
    this.voice = new FleetVoice({
      places,
      state: () => this.#state(),
      handlers: { deliver: (request) => this.#deliver(parseDeliver(request)), reset: () => this.#reset() },
    })
    this.#deliveries = new Deliveries({
      open: () => this.#ctx !== undefined && !this.#compacting,
      busy: () => this.#ctx?.isIdle() === false,
      send: ({ text, urgent }) => this.#pi?.sendUserMessage(text, { deliverAs: urgent ? 'steer' : 'followUp' }),
      lost: ({ id }) => this.voice.say({ kind: 'error', reason: 'not-taken', detail: `pi did not begin with message ${id}`, until: null }),
    })
    process.once('exit', () => this.voice.stop())
  }

  get stateDirectory(): string {
    return this.#places.stateDirectory
  }

  /** A session is there. */
  attach(pi: PiApi, ctx: PiContext): void {
    this.#pi = pi
    this.#ctx = ctx
    this.#prompt = undefined
    this.#compacting = false
    this.#running = false
    this.#turn = 0
    this.#current.clear()
    const id = ctx.sessionManager.getSessionId()
    const record = { id, file: ctx.sessionManager.getSessionFile() ?? null, cwd: ctx.cwd }
    atomicWrite(join(this.#places.stateDirectory, SESSION_FILE), JSON.stringify(record))
    if (this.#listening) this.#sayReady()
    else if (!this.#starting) void this.#listen(id)
  }

  /** The session is gone, and with `quit` the process goes too. */
  detach(reason: string): void {
    this.#pi = undefined
    this.#ctx = undefined
    if (reason === 'quit') this.voice.stop()
  }

  promptOpened(event: PiEvents['ui_prompt_start']): void {
    this.#prompt = event.title ?? event.kind
    this.voice.sayActivity()
  }

  promptClosed(): void {
    this.#prompt = undefined
    this.voice.sayActivity()
  }

  compaction(underWay: boolean): void {
    this.#compacting = underWay
    this.voice.sayActivity()
    this.#deliveries.pump()
  }

  /** Compaction is a model call too. */
  compacted({ compactionEntry }: PiEvents['session_compact']): void {
    this.#callEnded({ role: 'assistant', ...(compactionEntry?.usage === undefined ? {} : { usage: compactionEntry.usage }) })
    this.compaction(false)
  }

  /** @returns true when this text was taken before and must not be taken again */
  input({ text, streamingBehavior }: PiEvents['input'], ctx: PiContext): boolean {
    const id = messageIdOf(text)
    if (id === undefined) return false
    const known = this.voice.known(id)
    // Taken before, and given to pi once more by ourselves, or by a person out of the queue that Escape puts back into the editor.
    const again = known === 'pending' && (this.#deliveries.isSending(id) || !(this.#current.has(id) || ctx.hasPendingMessages()))
    if (known !== 'unknown' && !again) {
      this.voice.say({ kind: 'duplicate', id })
      return true
    }
    // Pi refuses a prompt that it cannot send anywhere; then nothing was accepted.
    if (refusalOf(ctx) !== undefined) return false
    const mode = streamingBehavior === undefined ? 'turn' : streamingBehavior === 'steer' ? 'steered' : 'queued'
    if (known === 'unknown') this.voice.accept(id, text, mode)
    if (mode !== 'turn') this.#deliveries.arrived(id)
    return false
  }

  messageStarted(message: PiMessage): void {
    if (message.role !== 'user') return
    const text = textOf(message)
    const id = messageIdOf(text)
    if (id === undefined) return
    if (this.voice.known(id) === 'unknown') this.voice.accept(id, text, 'turn')
    for (const each of this.voice.accepted(text)) this.#begin(each)
    this.#deliveries.arrived(id)
  }

  messageEnded(message: PiMessage): void {
    if (message.role === 'assistant') this.#callEnded(message)
  }

  responded(event: PiEvents['after_provider_response']): void {
    this.#calls.responded(event)
  }

  /** Also begins anew after each retry of the same run. */
  runStarted(): void {
    if (this.#running) return
    this.#running = true
    this.voice.say({ kind: 'turn', phase: 'started', turn: this.#turn + 1 })
    this.voice.sayActivity()
  }

  /** Nothing goes on any more: no retry, no compaction, no queued message. */
  runSettled(ctx: PiContext): void {
    for (const id of this.#current) this.voice.finish(id)
    this.#current.clear()
    if (this.#running) {
      this.#running = false
      this.#turn += 1
      this.voice.say({ kind: 'turn', phase: 'ended', turn: this.#turn })
    }
    const usage = ctx.getContextUsage()
    if (usage !== undefined) this.voice.say({ kind: 'context', used: usage.tokens, limit: usage.contextWindow })
    this.voice.sayActivity()
    this.#deliveries.pump()
  }

  resetEnded(done: boolean): void {
    this.#resetDone?.(done)
    this.#resetDone = undefined
  }

  #callEnded(message: PiMessage): void {
    const session = this.#ctx?.sessionManager.getSessionId() ?? 'none'
    for (const signal of this.#calls.ended(message, session)) this.voice.say(signal)
  }

  async #listen(session: string): Promise<void> {
    this.#starting = true
    try {
      await this.voice.start(session)
    } catch {
      // Nobody can ask it, so its health is unknown; pi itself goes on.
      return
    }
    this.#listening = true
    if (this.#ctx !== undefined) this.#sayReady()
  }

  #sayReady(): void {
    this.voice.say({ kind: 'ready' })
    this.voice.sayActivity()
    const { lost, interrupted, answered } = unfinishedIn(this.#ctx?.sessionManager.getBranch() ?? [], this.voice.takeUp())
    for (const id of answered) this.voice.finish(id)
    if (interrupted.length > 0) {
      for (const id of interrupted) this.#begin(id)
      this.#pi?.sendMessage({ customType: 'mosaic-continue', content: CONTINUE, display: true }, { triggerTurn: true })
    }
    for (const { id, text } of lost) if (!this.#deliveries.has(id)) this.#deliveries.add({ id, text, urgent: false })
  }

  #begin(id: string): void {
    this.#current.add(id)
    this.voice.begin(id)
  }

  #state(): RuntimeState {
    const ctx = this.#ctx
    // Asked already for the first heartbeat, by which the agent is healthy: that must show the model.
    if (ctx === undefined || !this.voice.speaking) {
      return { activity: 'busy', detail: 'starting', ready: false, turn: this.#turn, model: null, contextUsed: null }
    }
    return {
      ...this.#activity(ctx),
      ready: true,
      turn: this.#turn,
      model: modelOf(ctx),
      contextUsed: ctx.getContextUsage()?.tokens ?? null,
    }
  }

  #activity(ctx: PiContext): Pick<RuntimeState, 'activity' | 'detail'> {
    if (this.#prompt !== undefined) return { activity: 'waiting', detail: this.#prompt }
    if (this.#compacting) return { activity: 'busy', detail: 'compacting' }
    return ctx.isIdle() ? quietState(ctx) : { activity: 'busy', detail: null }
  }

  #deliver(request: { messageId: string; text: string; urgent: boolean } | undefined): NativeResult {
    if (request === undefined) throw new Error('not a delivery')
    const ctx = this.#ctx
    if (ctx === undefined || !this.#listening) return refused('starting', 'no session yet')
    if (this.#prompt !== undefined) return refused('dialog', this.#prompt)
    const { messageId: id, text, urgent } = request
    if (this.#deliveries.has(id)) return HANDED_OVER
    if (this.voice.known(id) !== 'unknown') {
      this.voice.say({ kind: 'duplicate', id })
      return HANDED_OVER
    }
    const refusal = refusalOf(ctx)
    if (refusal !== undefined) return refused('unavailable', refusal)
    this.#deliveries.add({ id, text, urgent })
    return HANDED_OVER
  }

  /** Only a command may replace the session, so the reset goes by one. */
  #reset(): Promise<boolean> {
    const pi = this.#pi
    if (pi === undefined || !this.#listening || this.#prompt !== undefined) return Promise.resolve(false)
    return new Promise((resolve) => {
      this.resetEnded(false)
      // Of this reset alone: a later one has its own time.
      const timer = setTimeout(() => this.resetEnded(false), RESET_MS).unref()
      this.#resetDone = (done) => {
        clearTimeout(timer)
        resolve(done)
      }
      pi.sendUserMessage(`/${RESET_COMMAND}`, { expandPromptTemplates: true })
    })
  }
}
