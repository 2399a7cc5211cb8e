/** The one conversation of an agent: which it is, how it is, and what it says. */

import type { ConnectContext } from '@mosaic/domain/ports/runtime'
import { messageIdOf } from '@mosaic/domain/preamble'
import type { SignalBody } from '@mosaic/domain/signal'
import { type Fields, fieldsOf, listOf, textOf } from '../fields.ts'
import type { Guard } from '../guard.ts'
import { LineTail, readThrough } from '../line-tail.ts'
import { type AppServer, CALL_MS } from './app-server.ts'
import { errorSignal } from './failure.ts'
import { userText } from './rollout-line.ts'
import { activityOf, questionOf, stateOf, type Thread, type ThreadState, threadOf } from './thread.ts'
import { begunAt, readThread, rememberThread } from './thread-file.ts'
import { ThreadVoice } from './thread-voice.ts'

export class AgentThread implements Disposable {
  readonly voice: ThreadVoice
  readonly #context: ConnectContext
  readonly #guard: Guard
  readonly #say: (signal: SignalBody) => void
  readonly #questions = new Map<string, string>()
  #server: AppServer | undefined
  #tail: LineTail | undefined
  #thread: Thread | undefined
  #listening = false
  #activity = ''
  #answering: string | undefined

  constructor(context: ConnectContext, guard: Guard, say: (signal: SignalBody) => void) {
    this.#context = context
    this.#guard = guard
    this.#say = say
    this.voice = new ThreadVoice(say)
  }

  /** `undefined` until codex has opened it. */
  get current(): Thread | undefined {
    return this.#thread
  }

  get question(): string | null {
    return [...this.#questions.values()].at(-1) ?? null
  }

  /** The turn in which the model was heard last, even if what it said is not complete. */
  get answering(): string | undefined {
    return this.#answering
  }

  /** Finds the conversation, on a new connection. */
  async sync(server: AppServer): Promise<void> {
    this.#server = server
    this.#listening = false
    this.#questions.clear()
    const loaded = await server.call('thread/loaded/list', {}, CALL_MS)
    const ids = loaded.got === 'result' ? listOf(loaded.result['data']) : []
    const threads = await Promise.all(ids.map((id) => this.#read(String(id))))
    const record = readThread(this.#context.stateDirectory)
    const known = threads.filter((thread) => thread !== undefined).toSorted((a, b) => begunAt(b.id) - begunAt(a.id))
    const newest = known.find(({ id }) => record === undefined || begunAt(id) > record.at)
    const thread = newest ?? known.find(({ id }) => id === record?.thread)
    if (thread !== undefined) await this.#adopt(thread)
  }

  notified(method: string, params: Fields): void {
    if (method === 'thread/started') {
      const thread = threadOf(params['thread'])
      // Codex also opens others in the background; the one that a person begins takes the place of the one before.
      if (thread !== undefined && thread.id !== this.#thread?.id) this.#let(() => this.#adopt(thread))
    } else if (method === 'thread/status/changed' && params['threadId'] !== this.#thread?.id) {
      this.#let(() => this.#maybeResumed(params))
    } else if (params['threadId'] === this.#thread?.id) this.#ours(method, params)
  }

  asked(id: unknown, method: string, params: Fields): void {
    if (params['threadId'] !== this.#thread?.id) return
    this.#questions.set(String(id), questionOf(method, params))
    this.#sayActivity()
  }

  /** What stands in codex's own queue was accepted, and waits. @returns how many wait; `undefined` when that is not known */
  async readQueue(): Promise<number | undefined> {
    const { current } = this
    const listed = await this.#server?.call('thread/queue/list', { threadId: current?.id }, CALL_MS)
    if (listed?.got !== 'result') return undefined
    const waiting = listOf(listed.result['data'])
    for (const each of waiting) this.#acceptedText(fieldsOf(each)['input'], 'queued')
    return waiting.length
  }

  /** For a caller to whom it matters not whether that can be taken in now. */
  async lookAtQueue(): Promise<void> {
    await this.#guard.run(() => this.readQueue())
  }

  /** What the newest turn is made of; empty also when that is not known. */
  async newestItems(): Promise<Fields[]> {
    const params = { threadId: this.#thread?.id, limit: 1, itemsView: 'full' }
    const turns = await this.#server?.call('thread/turns/list', params, CALL_MS)
    if (turns?.got !== 'result') return []
    return listOf(turns.result['data'])
      .flatMap((turn) => listOf(fieldsOf(turn)['items']))
      .map(fieldsOf)
  }

  /** Looks anew at which file it is in, and how it is. */
  async refresh(): Promise<Thread | undefined> {
    const thread = this.#thread === undefined ? undefined : await this.#read(this.#thread.id)
    if (thread === undefined || thread.id !== this.#thread?.id) return undefined
    this.#thread = thread
    this.#follow(thread)
    this.#sayActivity()
    return thread
  }

  /** Something will be written: it is read as soon as it is. */
  expect(): void {
    this.#tail?.expect(true)
  }

  [Symbol.dispose](): void {
    this.#tail?.[Symbol.dispose]()
    this.#tail = undefined
    this.#server = undefined
    this.#thread = undefined
  }

  /** Begins what nobody waits for. */
  #let(act: () => unknown): void {
    void this.#guard.run(act)
  }

  async #read(id: string): Promise<Thread | undefined> {
    const read = await this.#server?.call('thread/read', { threadId: id }, CALL_MS)
    return read?.got === 'result' ? threadOf(read.result['thread']) : undefined
  }

  /** A conversation that was loaded by the screen, and not begun by it. */
  async #maybeResumed({ threadId }: Fields): Promise<void> {
    if (this.#thread !== undefined || typeof threadId !== 'string') return
    const thread = await this.#read(threadId)
    if (thread !== undefined && thread.state !== 'unloaded' && this.#thread === undefined) await this.#adopt(thread)
  }

  async #adopt(thread: Thread): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#thread = thread
    this.#listening = false
    this.#questions.clear()
    this.#say({ kind: 'started', session: thread.id })
    this.#follow(thread)
    // Codex would else ask a model for a title.
    if (thread.fresh && thread.name === undefined) {
      await server.call('thread/name/set', { threadId: thread.id, name: this.#context.agent.name }, CALL_MS)
    }
    await this.#listen()
    if (!thread.fresh) await this.#readRunning()
    await this.readQueue()
    if (this.#thread?.id !== thread.id) return
    this.#say({ kind: 'ready' })
    this.#sayActivity()
  }

  /** What is accepted goes into the file a moment later: until then the app-server itself knows. */
  async #readRunning(): Promise<void> {
    for (const item of await this.newestItems()) if (item['type'] === 'userMessage') this.#acceptedText(item['content'], 'turn')
  }

  #acceptedText(input: unknown, mode: 'turn' | 'queued'): void {
    const id = messageIdOf(userText(input))
    if (id !== undefined) this.voice.accepted(id, mode)
  }

  /** Codex tells a client of questions and failures in a conversation that it has resumed; one without a turn it cannot. */
  async #listen(): Promise<void> {
    if (this.#listening || this.#thread === undefined) return
    const { id } = this.#thread
    const resumed = await this.#server?.call('thread/resume', { threadId: id, excludeTurns: true }, CALL_MS)
    if (resumed?.got === 'result' && this.#thread?.id === id) this.#listening = true
  }

  #follow({ id, rollout }: Thread): void {
    if (this.#tail?.path === rollout) {
      this.#tail.read()
      return
    }
    const first = this.#tail === undefined
    this.#tail?.[Symbol.dispose]()
    const record = rememberThread(this.#context.stateDirectory, id, rollout, Date.now())
    if (first) for (const file of record.earlier) readThrough(file, (line) => this.voice.earlierLine(line))
    this.voice.beginFile()
    this.#tail = new LineTail(
      rollout,
      (line) => this.voice.line(line),
      (look) => this.#let(look),
    )
    this.#tail.read()
  }

  #ours(method: string, params: Fields): void {
    if (method === 'thread/status/changed') this.#changed(stateOf(params['status']))
    else if (method === 'serverRequest/resolved') this.#questions.delete(String(params['requestId']))
    else if (method === 'thread/reverted') this.#let(() => this.refresh())
    else if (method === 'error') this.#failed(params)
    else if (method === 'item/started') this.#began(params)
    else this.#tail?.read()
  }

  #began({ turnId, item }: Fields): void {
    const { type } = fieldsOf(item)
    if (type === 'contextCompaction') this.#say({ kind: 'compaction', phase: 'started' })
    else if (type !== 'userMessage') this.#answering = textOf(turnId)
    this.#tail?.read()
  }

  /** The account's windows, which stand in the file, say until when. */
  #failed({ error }: Fields): void {
    this.#tail?.read()
    this.voice.failed(errorSignal(fieldsOf(error)))
  }

  #changed(state: ThreadState): void {
    if (this.#thread === undefined || state === 'unloaded') return
    this.#thread = { ...this.#thread, state, fresh: false }
    if (state === 'idle' || state === 'busy') this.#questions.clear()
    this.#tail?.expect(state !== 'idle')
    this.#tail?.read()
    if (state !== 'idle') this.#let(() => this.#listen())
    this.#sayActivity()
  }

  #sayActivity(): void {
    if (this.#thread === undefined) return
    const activity = activityOf(this.#thread.state)
    const detail = activity === 'waiting' ? (this.question ?? this.#thread.state) : null
    if (this.#activity === `${activity} ${detail}`) return
    this.#activity = `${activity} ${detail}`
    this.#say({ kind: 'activity', activity, detail })
  }
}
