/** One living codex, reached through its app-server. */

import type { Message } from '@mosaic/domain/message'
import type { ConnectContext, NativeRefusal, NativeResult, ResetResult, RuntimeAnswer, RuntimeSession } from '@mosaic/domain/ports/runtime'
import type { SignalBody } from '@mosaic/domain/signal'
import { type Fields, fieldsOf } from '../fields.ts'
import { Guard } from '../guard.ts'
import { Turns } from '../in-turn.ts'
import { AgentThread } from './agent-thread.ts'
import { type AppServer, CALL_MS } from './app-server.ts'
import { Connection } from './connection.ts'
import { drain, handOver } from './delivery.ts'
import { resetThread } from './reset.ts'
import { activityOf, stateOf } from './thread.ts'

export const LOGIN = 'codex has no login: run `codex login`, or attach and sign in'
/** A person who has stopped a turn has this long, milliseconds, before what waits in the queue goes on. */
const DRAIN_MS = 5000

const refusal = (because: NativeRefusal['because'], detail: string): NativeRefusal => ({ outcome: 'refused', because, detail })

/** What is said when nobody listens. */
const NOBODY = () => {}

export class CodexSession implements RuntimeSession {
  readonly #context: ConnectContext
  #say: (signal: SignalBody) => void = NOBODY
  #connection: Connection | undefined
  #thread: AgentThread | undefined
  #guard: Guard | undefined
  /** What was asked of a connection before anything else is: true when all of it was taken in. */
  #synced: Promise<boolean> = Promise.resolve(false)
  /** What is handed over while a conversation is being emptied would be taken back with it: never two of these at once. */
  readonly #turns = new Turns()
  #loggedOut = false
  #drain: NodeJS.Timeout | undefined

  constructor(context: ConnectContext) {
    this.#context = context
  }

  observe(sink: (signal: SignalBody) => void): Disposable {
    this.#say = sink
    const guard = new Guard({
      log: (text) => this.#context.log(text),
      // Not in the midst of what is handed over or emptied.
      lookAgain: () => this.#turns.run(async () => this.#begin(guard)),
    })
    this.#guard?.[Symbol.dispose]()
    this.#guard = guard
    this.#begin(guard)
    return { [Symbol.dispose]: () => this.#release() }
  }

  async ask(timeoutMs: number): Promise<RuntimeAnswer | undefined> {
    const { server } = this.#connection ?? {}
    const thread = this.#thread
    if (server === undefined || thread === undefined) return undefined
    const id = thread.current?.id
    const [method, params] = id === undefined ? (['thread/loaded/list', {}] as const) : (['thread/read', { threadId: id }] as const)
    const outcome = await server.call(method, params, timeoutMs)
    if (outcome.got !== 'result') return undefined
    const common = { pid: this.#context.pid, turn: thread.voice.turn, model: thread.voice.model, contextUsed: thread.voice.contextUsed }
    if (this.#loggedOut) return { ...common, activity: 'waiting', detail: LOGIN, ready: false }
    if (id === undefined) return { ...common, activity: 'busy', detail: null, ready: false }
    const activity = activityOf(stateOf(fieldsOf(outcome.result['thread'])['status']))
    return { ...common, activity, detail: activity === 'waiting' ? thread.question : null, ready: true }
  }

  deliver(message: Message, rendered: string): Promise<NativeResult> {
    return this.#turns.run(() => this.#deliver(message, rendered))
  }

  reset(): Promise<ResetResult> {
    return this.#turns.run(() => this.#reset())
  }

  async #deliver(message: Message, rendered: string): Promise<NativeResult> {
    const { server } = this.#connection ?? {}
    const thread = this.#thread
    if (server === undefined || thread === undefined) return refusal('starting', 'its app-server does not answer')
    if (!(await this.#synced)) return refusal('starting', 'its conversation could not be taken in')
    if (this.#loggedOut) return refusal('unavailable', LOGIN)
    if (thread.current === undefined) return refusal('starting', 'codex has not opened its conversation')
    if (thread.voice.hasAccepted(message.id)) {
      this.#say({ kind: 'duplicate', id: message.id })
      return { outcome: 'handed-over' }
    }
    const { state } = thread.current
    if (state === 'approval' || state === 'input') return refusal('dialog', thread.question ?? 'codex waits for an answer')
    return handOver(server, thread, message, rendered)
  }

  async #reset(): Promise<ResetResult> {
    const { server } = this.#connection ?? {}
    const thread = this.#thread
    if (server === undefined || thread === undefined) return 'failed'
    const result = await resetThread(server, thread)
    if (result === 'done') this.#say({ kind: 'ready' })
    return result
  }

  /** All of it anew, as on the first connection. */
  #begin(guard: Guard): void {
    if (guard !== this.#guard) return
    this.#close()
    const thread = new AgentThread(this.#context, guard, (signal) => this.#heard(signal))
    this.#thread = thread
    this.#connection = new Connection(this.#context.linkSocket, {
      opened: (server) => {
        this.#synced = guard.run(() => this.#opened(server))
      },
      notified: (method, params) => void guard.run(() => this.#notified(method, params)),
      asked: (id, method, params) => void guard.run(() => thread.asked(id, method, params)),
      closed: () => clearTimeout(this.#drain),
    })
  }

  async #opened(server: AppServer): Promise<void> {
    const account = await server.call('account/read', {}, CALL_MS)
    if (account.got === 'result') this.#account(account.result)
    await this.#thread?.sync(server)
  }

  #account({ account, requiresOpenaiAuth }: Fields): void {
    const loggedOut = requiresOpenaiAuth === true && account === null
    if (loggedOut && !this.#loggedOut) this.#say({ kind: 'error', reason: 'logged-out', detail: LOGIN, until: null })
    this.#loggedOut = loggedOut
  }

  #notified(method: string, params: Fields): void {
    if (method === 'account/updated' || method === 'account/login/completed') void this.#guard?.run(() => this.#readAccount())
    this.#thread?.notified(method, params)
  }

  async #readAccount(): Promise<void> {
    const account = await this.#connection?.server?.call('account/read', {}, CALL_MS)
    if (account?.got === 'result') this.#account(account.result)
  }

  #heard(signal: SignalBody): void {
    this.#say(signal)
    if (signal.kind !== 'activity') return
    clearTimeout(this.#drain)
    const goOn = () => void this.#guard?.run(() => this.#turns.run(() => this.#goOn()))
    if (signal.activity === 'idle') this.#drain = setTimeout(goOn, DRAIN_MS).unref()
  }

  async #goOn(): Promise<void> {
    const { server } = this.#connection ?? {}
    if (server !== undefined && this.#thread !== undefined) await drain(server, this.#thread)
  }

  #release(): void {
    this.#guard?.[Symbol.dispose]()
    this.#guard = undefined
    this.#close()
    this.#say = NOBODY
  }

  #close(): void {
    clearTimeout(this.#drain)
    this.#connection?.[Symbol.dispose]()
    this.#thread?.[Symbol.dispose]()
    this.#connection = undefined
    this.#thread = undefined
    this.#synced = Promise.resolve(false)
  }
}
