/** The scripted agent: a composer, a dialog, and the rules of its script. Input comes in, signals and log lines go out. */

import { existsSync } from 'node:fs'
import { messageIdOf } from '@mosaic/domain/preamble'
import type { Activity } from '@mosaic/domain/signal'
import { perform } from './acts.ts'
import type { AgentEvent, LineFile, LogEntry } from './agent-log.ts'
import { type Input, KeyReader } from './key-reader.ts'
import { type AgentState, SILENT_VOICE, type Voice } from './runtime-voice.ts'
import type { Screen } from './screen.ts'
import type { Act, AgentScript, When } from './script.ts'
import { Turns } from './turns.ts'

/** How often trigger files are looked for, milliseconds. */
const TRIGGER_POLL_MS = 20

export interface AgentParts {
  script: AgentScript
  screen: Screen
  log: LineFile
  submits: LineFile
  model: string | null
  /** Ends the process at once. */
  exit(code: number): void
}

export class FakeAgent {
  voice: Voice = SILENT_VOICE
  readonly screen: Screen
  /** Reads input, accepts none. */
  swallows = false
  ignoresHangUp = false
  readonly #parts: AgentParts
  readonly #keys = new KeyReader()
  readonly #turns: Turns
  #draft: Buffer[] = []
  #dialog: string | undefined
  #bracketedPaste = true
  #ready = false
  #received = 0
  #accepted = 0
  /** While a submit is being accepted: how long its turn will take. */
  #turnMs: number | undefined
  #said: Activity | undefined

  constructor(parts: AgentParts) {
    this.#parts = parts
    this.screen = parts.screen
    this.#turns = new Turns({
      held: () => this.#dialog !== undefined,
      started: (turn) => {
        this.voice.say({ kind: 'turn', phase: 'started', turn })
        this.#changed()
      },
      ended: (turn) => {
        this.voice.say({ kind: 'turn', phase: 'ended', turn })
        this.screen.say(`turn ${turn} done`)
        this.#changed()
      },
    })
  }

  get state(): AgentState {
    const { model } = this.#parts
    return {
      activity: this.#activity(),
      detail: this.#dialog ?? null,
      ready: this.#ready,
      turn: this.#turns.count,
      model,
      contextUsed: null,
    }
  }

  log(event: AgentEvent, more: Pick<LogEntry, 'base64' | 'detail'> = {}): void {
    this.#parts.log.append({ at: Date.now(), pid: process.pid, event, ...more })
  }

  /** Before anything is drawn. */
  begin(): void {
    this.log('started')
    this.#fire((when) => 'start' in when)
  }

  /** From now on input is taken. */
  becomeReady(): void {
    this.#ready = true
    this.screen.bracketedPaste(this.#bracketedPaste)
    this.log('ready')
    this.voice.say({ kind: 'ready' })
    this.#changed()
    for (const { when, do: act } of this.#parts.script.rules ?? []) {
      if ('afterMs' in when) setTimeout(() => perform(act, this), when.afterMs)
      if ('file' in when) this.#watch(when.file, act)
    }
  }

  input(chunk: Buffer): void {
    this.log('bytes', { base64: chunk.toString('base64') })
    for (const input of this.#keys.push(chunk)) this.#take(input)
    this.#changed()
  }

  think(ms: number): void {
    if (this.#turnMs === undefined) this.#turns.add(ms)
    else this.#turnMs = ms
  }

  exit(code: number): void {
    this.#parts.exit(code)
  }

  settle(): void {
    this.#turns.settle()
  }

  openDialog(question: string): void {
    this.#dialog = question
    this.log('dialog', { detail: question })
    this.#changed()
  }

  /** `event` says what a key answered; without one it was answered elsewhere. */
  closeDialog(event?: 'approved' | 'denied'): void {
    if (this.#dialog === undefined) return
    this.#dialog = undefined
    if (event !== undefined) this.log(event)
    this.screen.say(event ?? 'answered elsewhere')
    this.#changed()
    this.#turns.next()
  }

  setBracketedPaste(on: boolean): void {
    this.#bracketedPaste = on
    if (this.#ready) this.screen.bracketedPaste(on)
  }

  /** A new conversation. */
  reset(): void {
    this.#draft = []
    this.#turns.forget()
    this.#changed()
  }

  #activity(): Activity {
    if (this.#dialog !== undefined) return 'waiting'
    if (this.#turns.busy) return 'busy'
    return this.#draft.length > 0 ? 'draft' : 'idle'
  }

  #take(input: Input): void {
    if (this.#dialog !== undefined) this.#answer(input)
    else if (input.kind === 'enter') this.#submit()
    else if (input.kind === 'interrupt') this.#draft = []
    else if (input.kind === 'backspace') this.#backspace()
    else this.#draft.push(input.bytes)
  }

  /** Text and pastes fall into nothing; Enter approves, whoever pressed it. */
  #answer(input: Input): void {
    if (input.kind === 'enter') this.closeDialog('approved')
    else if (input.kind === 'interrupt') this.closeDialog('denied')
  }

  #backspace(): void {
    const rest = [...this.#text()].slice(0, -1).join('')
    this.#draft = rest === '' ? [] : [Buffer.from(rest)]
  }

  #text(): string {
    return Buffer.concat(this.#draft).toString('utf8')
  }

  #submit(): void {
    const text = this.#text()
    if (text === '') return
    this.#received += 1
    this.#fire((when) => 'received' in when && (when.received === 'each' || when.received === this.#received))
    this.#draft = []
    if (this.swallows) this.log('swallowed', { detail: text.length })
    else this.#accept(text)
  }

  /** The journal has the word before anything is done with it. */
  #accept(text: string): void {
    const id = messageIdOf(text) ?? null
    if (id !== null && this.voice.accepted.has(id)) {
      this.voice.say({ kind: 'duplicate', id })
      this.log('duplicate', { detail: id })
      return
    }
    const mode = this.#turns.busy || this.#dialog !== undefined ? 'queued' : 'turn'
    if (id !== null) this.voice.say({ kind: 'accepted', id, mode })
    this.#parts.submits.append({ id, text, at: Date.now() })
    this.log('submit', { detail: id ?? text.length })
    this.screen.say(`accepted ${id ?? `${text.length} characters`}`)
    this.#accepted += 1
    this.#turnMs = 0
    this.#fire((when) => 'submit' in when && (when.submit === 'each' || when.submit === this.#accepted))
    const thinkMs = this.#turnMs
    this.#turnMs = undefined
    this.#turns.add(thinkMs)
  }

  /** Says and shows what is true now. */
  #changed(): void {
    if (!this.#ready) return
    const { activity, detail } = this.state
    if (activity !== this.#said) {
      this.#said = activity
      this.voice.say({ kind: 'activity', activity, detail })
      this.voice.beat()
    }
    if (this.#dialog === undefined) this.screen.draft(this.#text())
    else this.screen.dialog(this.#dialog)
  }

  #fire(applies: (when: When) => boolean): void {
    for (const rule of this.#parts.script.rules ?? []) if (applies(rule.when)) perform(rule.do, this)
  }

  /** Each appearance of the file counts once; `armed` says that the next one will. */
  #watch(file: string, act: Act): void {
    let armed = true
    this.log('armed')
    setInterval(() => {
      const there = existsSync(file)
      if (!there && !armed) this.log('armed')
      const fires = there && armed
      armed = !there
      if (fires) perform(act, this)
    }, TRIGGER_POLL_MS)
  }
}
