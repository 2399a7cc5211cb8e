/** Finds the server of one process, makes it ready, and listens to it until the process ends, over every broken stream. */

import type { SignalBody } from '@mosaic/domain/signal'
import { isRunning } from '../../processes.ts'
import { Guard } from '../guard.ts'
import type { StoredMessage } from './api.ts'
import { takeUp } from './deliver.ts'
import type { Live } from './live.ts'
import { chooseModel } from './model-choice.ts'
import { titleOf } from './reset.ts'

/** Pause before the server is looked for again, milliseconds. */
const LOOK_MS = 150
const HEALTH_MS = 5000
/** So long an empty screen is waited for; messages need no screen. */
const SCREEN_MS = 60_000
const SCREEN_LOOK_MS = 500
/** Stands in the composer of the first page until somebody types. */
const FIRST_PAGE = 'Ask anything'

/** Events that come while it is caught up are kept up to this, characters; with more of them it is caught up anew. */
const MAX_EARLY_LENGTH = 16 * 1024 * 1024

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms).unref())

export class Observer implements Disposable {
  readonly #live: Live
  readonly #guard: Guard
  #stopListening: (() => void) | undefined
  #running = false
  #over = false
  #started = false

  constructor(live: Live, sink: (signal: SignalBody) => void) {
    this.#live = live
    this.#guard = new Guard({ log: (text) => live.parts.log(text), lookAgain: () => this.#lookAgain() })
    live.listen(sink)
    live.onIdle = () => this.#takeUp(false)
    void this.#guard.run(() => this.#run())
  }

  [Symbol.dispose](): void {
    this.#over = true
    this.#guard[Symbol.dispose]()
    this.#stopListening?.()
    this.#live.listen(undefined)
    this.#live.onIdle = () => {}
  }

  #lookAgain(): Promise<void> | undefined {
    if (!this.#running) return this.#run()
    this.#stopListening?.()
    return undefined
  }

  async #run(): Promise<void> {
    const { pid } = this.#live.parts
    this.#running = true
    try {
      while (!this.#over && isRunning(pid)) {
        if (await this.#live.server.find(HEALTH_MS)) await this.#listen()
        await pause(LOOK_MS)
      }
      if (!this.#over) this.#live.say({ kind: 'stopped' })
    } finally {
      this.#running = false
    }
  }

  /** Resolves when the stream ended, and nothing is being caught up any more. @throws what could not be taken in */
  async #listen(): Promise<void> {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    const { voice, server } = this.#live
    let early: { events: unknown[]; length: number } | undefined = { events: [], length: 0 }
    let catchingUp: Promise<void> | undefined
    let failure: { error: unknown } | undefined
    const hear = (events: readonly unknown[]) => {
      try {
        for (const event of events) voice.event(event)
      } catch (error) {
        failure ??= { error }
        end()
      }
    }
    const catchUp = async () => {
      try {
        if (!(await this.#catchUp()) || early === undefined) return end()
        const { events } = early
        early = undefined
        hear(events)
      } catch (error) {
        failure ??= { error }
        end()
      }
    }
    const stream = server.events({
      opened: () => {
        catchingUp = catchUp()
      },
      event: (event, length) => {
        if (failure !== undefined) return
        if (early === undefined) return hear([event])
        early.length += length
        early.events.push(event)
        if (early.length > MAX_EARLY_LENGTH) end()
      },
      ended: end,
    })
    this.#stopListening = end
    await ended
    stream[Symbol.dispose]()
    early = { events: [], length: 0 }
    await catchingUp
    if (failure !== undefined) throw failure.error
  }

  /** Everything up to now; false when the server did not tell it all. */
  async #catchUp(): Promise<boolean> {
    const live = this.#live
    live.choice ??= await chooseModel(live.server, live.parts.agent)
    if (live.choice === undefined) return false
    const resumed = await this.#settleConversation()
    if (!resumed) return false
    const current = live.record.current ?? ''
    if (!this.#started) live.say({ kind: 'started', session: current })
    this.#started = true
    const messages = await this.#unsaid(current)
    const [busy, pending] = await Promise.all([live.api.busy(), live.api.pending()])
    if (messages === undefined || busy === undefined || pending === undefined || this.#over) return false
    live.voice.replay(messages)
    live.voice.take(busy, pending)
    if (!live.ready) await this.#becomeReady(current, resumed === 'made')
    this.#takeUp(true)
    return true
  }

  /** The conversation that is on record, or a new one. */
  async #settleConversation(): Promise<'there' | 'made' | false> {
    const { api, record, parts } = this.#live
    const session = record.current === undefined ? undefined : await api.session(record.current)
    if (session === 'silent') return false
    if (session !== undefined) return 'there'
    const made = await api.create(titleOf(parts.agent.name))
    if (made !== undefined) this.#live.enter(made)
    return made === undefined ? false : 'made'
  }

  async #unsaid(current: string): Promise<StoredMessage[] | undefined> {
    const { api, record } = this.#live
    const own = await api.since(current, ({ info }) => info.id === record.turnOf)
    if (own === undefined) return undefined
    const children = await api.children(current)
    const theirs = await Promise.all(children.map((child) => api.since(child, ({ info }) => record.hasSaid(info.id))))
    const calls = theirs.flatMap((messages) => messages ?? []).filter(({ info }) => info.role === 'assistant')
    return [...calls, ...own]
  }

  /** Ready is said when a person would see it work too: its terminal has drawn something. */
  async #becomeReady(current: string, isNew: boolean): Promise<void> {
    const live = this.#live
    const end = performance.now() + SCREEN_MS
    const waits = () => !this.#over && isRunning(live.parts.pid) && performance.now() < end
    while (waits() && (await live.parts.screen().catch(() => '')).trim() === '') await pause(SCREEN_LOOK_MS)
    if (this.#over) return
    live.ready = true
    live.say({ kind: 'ready' })
    if (isNew) void this.#guard.run(() => this.#show(current))
    const problem = live.choice?.problem
    if (problem !== undefined) live.say({ kind: 'error', ...problem, until: null })
  }

  /**
   * A terminal that has just drawn itself may not listen yet, and nothing tells when it does: it is told again as long as it
   * shows its first page, untouched.
   */
  async #show(sessionID: string): Promise<void> {
    const { api, record, parts } = this.#live
    const end = performance.now() + SCREEN_MS
    while (!this.#over && performance.now() < end && record.current === sessionID && record.turn === 0) {
      await api.show(sessionID)
      await pause(SCREEN_LOOK_MS)
      if (!(await parts.screen().catch(() => '')).includes(FIRST_PAGE)) return
    }
  }

  #takeUp(afterKill: boolean): void {
    void this.#guard.run(() => this.#live.turns.run(() => takeUp(this.#live, afterKill)))
  }
}
