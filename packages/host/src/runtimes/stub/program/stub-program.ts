/** The stub runtime: keys in, screen out, and a word to the fleet about everything that matters to it. */

import { messageIdOf } from '@mosaic/domain/preamble'
import type { Activity } from '@mosaic/domain/signal'
import { FleetVoice, type VoicePlaces } from '../../fleet-voice.ts'
import { runCommand } from './commands.ts'
import { Composer, edit } from './composer.ts'
import { Conversation } from './conversation.ts'
import { dialogAnswer, type KeyName, KeyParser, type TerminalInput } from './key-parser.ts'
import { Screen, type Terminal } from './screen.ts'
import type { StubSettings } from './settings.ts'
import { noTranscript, openTranscript, type Transcript } from './transcript.ts'
import { view } from './view.ts'

/** How long the terminal is given to say that it has taken our modes in, milliseconds. */
const REPORT_MS = 2000
/** Context of the model that the stub stands for, tokens. */
const CONTEXT_LIMIT = 200_000
/** A delivered message stands in the composer no longer than until its Enter; after this, milliseconds, it is a draft. */
const OURS_MS = 1000

export interface StubOptions {
  terminal: Terminal
  settings: StubSettings
  exit(status: number): void
}

export class StubProgram {
  readonly #options: StubOptions
  readonly #screen: Screen
  readonly #composer = new Composer()
  readonly #keys = new KeyParser((input) => this.#take(input))
  readonly #conversation: Conversation
  readonly #voice: FleetVoice | undefined
  readonly #reported = Promise.withResolvers<void>()
  #transcript: Transcript = noTranscript
  #ready = false
  #editedAtMs = 0
  /** Came while something was in the way, and waits for its Enter. */
  #delivered: string | undefined
  #quitArmed = false
  #hint = ''
  #drawing: NodeJS.Immediate | undefined
  #ended = false

  constructor(options: StubOptions) {
    this.#options = options
    this.#screen = new Screen(options.terminal)
    const { places, thinkMs } = options.settings
    this.#conversation = new Conversation(
      {
        accept: (id, text, mode) => this.#voice?.accept(id, text, mode) ?? true,
        begin: (id) => this.#voice?.begin(id),
        finish: (id) => this.#voice?.finish(id),
        turn: (phase, turn) => this.#sayTurn(phase, turn),
        changed: () => this.#changed(),
      },
      thinkMs,
    )
    if (places !== undefined) this.#voice = this.#voiceAt(places)
  }

  async run(): Promise<void> {
    this.#screen.open({ data: (chunk) => this.#keys.push(chunk), resized: () => this.#changed(), gone: () => this.quit() })
    this.#changed()
    const late = setTimeout(() => this.#reported.resolve(), REPORT_MS)
    await this.#reported.promise
    clearTimeout(late)
    try {
      await this.#voice?.start(null, () => this.#show('another process answers for this agent; waiting for it to end'))
      const { places, resume } = this.#options.settings
      // Not before it is certain that this process is the agent: a child of it may have inherited all of its environment.
      if (places !== undefined && !this.#ended) this.#transcript = openTranscript(places.stateDirectory, resume)
    } catch (error) {
      this.#show(`cannot speak to its fleet: ${error instanceof Error ? error.message : 'it failed'}`)
      return
    }
    if (!this.#ended) this.#begin()
  }

  /** Ends in order. Idempotent. */
  quit(): void {
    if (this.#ended) return
    this.#ended = true
    this.#draw()
    this.#conversation.stop()
    this.#keys[Symbol.dispose]()
    this.#voice?.stop()
    this.#transcript[Symbol.dispose]()
    this.#screen.close()
    this.#options.exit(0)
  }

  #begin(): void {
    this.#ready = true
    this.#conversation.open(this.#transcript)
    this.#show('')
    this.#voice?.say({ kind: 'ready' })
    this.#voice?.sayActivity()
    this.#conversation.takeUp(this.#voice?.takeUp() ?? [])
  }

  #voiceAt(places: VoicePlaces): FleetVoice {
    return new FleetVoice({
      places,
      state: () => ({
        activity: this.#activity,
        detail: this.#conversation.dialog?.question ?? null,
        ready: this.#ready,
        turn: this.#conversation.turn,
        model: this.#options.settings.model,
        contextUsed: this.#conversation.contextUsed,
      }),
      status: () => (this.#conversation.activity === 'idle' ? 'ok' : this.#conversation.activity),
      handlers: { reset: () => this.#reset() },
    })
  }

  /** A draft comes before busy: whoever pastes now would paste behind it. */
  get #activity(): Activity {
    const { activity } = this.#conversation
    if (activity === 'waiting' || this.#composer.isEmpty) return activity
    const ours = messageIdOf(this.#composer.text) !== undefined && performance.now() - this.#editedAtMs < OURS_MS
    return ours ? activity : 'draft'
  }

  #take(input: TerminalInput): void {
    if (input.kind === 'report') {
      this.#reported.resolve()
      return
    }
    if (!this.#takeDelivered(input)) this.#takeFromPerson(input)
    if (input.kind !== 'key' || input.key !== 'ctrl-c') this.#disarm()
    this.#changed()
  }

  /**
   * A delivered message is a paste with a preamble and the Enter right behind it. When a question opened or a draft began
   * just before it came, it answers nothing and mixes with nothing. False: the input is a person's.
   */
  #takeDelivered(input: TerminalInput): boolean {
    const inTheWay = this.#conversation.dialog !== undefined || !this.#composer.isEmpty
    if (input.kind === 'paste' && this.#ready && inTheWay && messageIdOf(input.text) !== undefined) {
      this.#delivered = input.text
      return true
    }
    const delivered = this.#delivered
    this.#delivered = undefined
    if (delivered === undefined) return false
    const isEnter = input.kind === 'key' && input.key === 'enter'
    if (isEnter) this.#conversation.submit(delivered)
    else if (this.#conversation.dialog === undefined) this.#composer.insert(delivered)
    return isEnter
  }

  #takeFromPerson(input: Exclude<TerminalInput, { kind: 'report' }>): void {
    if (this.#conversation.dialog !== undefined) {
      const approved = dialogAnswer(input)
      if (approved !== undefined) this.#conversation.answer(approved)
    } else {
      this.#editedAtMs = performance.now()
      if (input.kind === 'key') this.#press(input.key)
      else this.#composer.insert(input.text)
    }
  }

  #press(key: KeyName): void {
    if (edit(this.#composer, key)) return
    if (key === 'enter') this.#submit()
    else if (key === 'escape') this.#conversation.interrupt()
    else if (key === 'ctrl-c') this.#interrupt()
    else if (key === 'ctrl-l') this.#screen.forget()
    else if (key === 'ctrl-d') {
      if (this.#composer.isEmpty) this.quit()
      else this.#composer.delete()
    }
  }

  #interrupt(): void {
    if (!this.#composer.isEmpty) this.#composer.clear()
    else if (this.#conversation.activity === 'busy') this.#conversation.interrupt()
    else if (this.#quitArmed) this.quit()
    else {
      this.#quitArmed = true
      this.#hint = 'press Ctrl-C again to end'
    }
  }

  #submit(): void {
    if (this.#composer.text.trim() === '') return
    if (!this.#ready) {
      this.#hint ||= 'starting'
      return
    }
    const text = this.#composer.take()
    if (text.startsWith('/')) runCommand(text, this.#conversation, { quit: () => this.quit(), crash: (code) => this.#crash(code) })
    else this.#conversation.submit(text)
  }

  #crash(code: number): void {
    this.#ended = true
    this.#screen.close()
    this.#options.exit(code)
  }

  #reset(): boolean {
    this.#conversation.clear()
    this.#voice?.say({ kind: 'ready' })
    return true
  }

  #disarm(): void {
    if (this.#quitArmed) this.#hint = ''
    this.#quitArmed = false
  }

  #sayTurn(phase: 'started' | 'ended', turn: number): void {
    this.#voice?.say({ kind: 'turn', phase, turn })
    if (phase === 'ended') this.#voice?.say({ kind: 'context', used: this.#conversation.contextUsed, limit: CONTEXT_LIMIT })
  }

  #show(hint: string): void {
    this.#hint = hint
    this.#changed()
  }

  /** Says what changed now, and draws once for everything that came in one go. */
  #changed(): void {
    if (this.#ended) return
    this.#voice?.sayActivity()
    this.#drawing ??= setImmediate(() => {
      this.#drawing = undefined
      if (!this.#ended) this.#draw()
    })
  }

  #draw(): void {
    const { turn, queued, entries, dialog } = this.#conversation
    const note = [`turn ${turn}`, queued === 0 ? '' : `${queued} queued`, this.#ready ? '' : 'starting', this.#hint]
    const composer = { text: this.#composer.text, cursor: this.#composer.cursor }
    const { title } = this.#options.settings
    const base = { ...this.#screen.size, title, entries, activity: this.#activity, composer, question: dialog?.question }
    this.#screen.draw(view({ ...base, note: note.filter((part) => part !== '').join(' · ') }))
  }
}
