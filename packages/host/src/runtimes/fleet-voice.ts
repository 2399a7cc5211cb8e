/**
 * What a runtime's own process says to its fleet: signal journal, inbox of accepted messages, heartbeat file and link.
 * Loaded by the stub and by the pi extension, so it stays small and pulls in no schemas.
 */

import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { FleetError } from '@mosaic/domain/error'
import {
  DEFAULT_HEARTBEAT_INTERVAL_MS,
  type HeartbeatStatus,
  MAX_HEARTBEAT_INTERVAL_S,
  MIN_HEARTBEAT_INTERVAL_S,
} from '@mosaic/domain/heartbeat'
import type { RuntimeAnswer } from '@mosaic/domain/ports/runtime'
import type { Activity, SignalBody } from '@mosaic/domain/signal'
import { HeartbeatWriter } from '../heartbeat/writer.ts'
import { type LinkHandlers, LinkServer } from '../link/link-server.ts'
import { faultPoint } from '../mailbox/fault-point.ts'
import { type AcceptedMessage, Inbox } from '../signals/inbox.ts'
import { JournalWriter } from '../signals/journal-writer.ts'

/** Pause before the link is tried again while another process holds it, milliseconds. */
const RETRY_MS = 250

/** Pause before an acceptance that could not be written is said again, milliseconds. */
const SAY_AGAIN_MS = 1000

/** A message that was begun so often and never finished ends its runtime each time; it is not begun again. */
const MAX_BEGUN = 3

/** Where a launched runtime finds its things; from its environment. */
export interface VoicePlaces {
  journalFile: string
  linkSocket: string
  heartbeatFile: string
  heartbeatIntervalMs: number
  stateDirectory: string
}

/** `undefined` outside a fleet: a runtime started by hand has nobody to tell. */
export function voicePlaces(env: Readonly<Record<string, string | undefined>>): VoicePlaces | undefined {
  const journalFile = env['MOSAIC_JOURNAL']
  const linkSocket = env['MOSAIC_LINK']
  const heartbeatFile = env['MOSAIC_HEARTBEAT_FILE']
  const stateDirectory = env['MOSAIC_STATE_DIR']
  if (!journalFile || !linkSocket || !heartbeatFile || !stateDirectory) return undefined
  const seconds = Number(env['MOSAIC_HEARTBEAT_INTERVAL'])
  const heartbeatIntervalMs =
    seconds >= MIN_HEARTBEAT_INTERVAL_S && seconds <= MAX_HEARTBEAT_INTERVAL_S ? seconds * 1000 : DEFAULT_HEARTBEAT_INTERVAL_MS
  return { journalFile, linkSocket, heartbeatFile, heartbeatIntervalMs, stateDirectory }
}

/** What is true of the runtime at this moment. */
export type RuntimeState = Omit<RuntimeAnswer, 'pid'>

export interface VoiceOptions {
  places: VoicePlaces
  state(): RuntimeState
  /** The heartbeat's word; by default it follows from the activity. */
  status?(): HeartbeatStatus
  /** Ops of the link besides `ask`. */
  handlers: LinkHandlers
}

const statusOf = (activity: Activity): HeartbeatStatus => (activity === 'busy' || activity === 'waiting' ? activity : 'ok')

type AcceptanceMode = 'turn' | 'queued' | 'steered'

/** Ids that the lines of a journal say were accepted. */
function acceptedIn(journal: string): Set<string> {
  const ids = new Set<string>()
  for (const line of journal.split('\n')) {
    try {
      const { kind, id } = JSON.parse(line) as { kind?: unknown; id?: unknown }
      if (kind === 'accepted' && typeof id === 'string') ids.add(id)
    } catch {
      // Torn, or not a journal's: it says nothing.
    }
  }
  return ids
}

export class FleetVoice {
  readonly #options: VoiceOptions
  #link: LinkServer | undefined
  #journal: JournalWriter | undefined
  #inbox: Inbox | undefined
  #heartbeat: HeartbeatWriter | undefined
  /** Accepted, and not in the journal yet: oldest first. */
  readonly #unsaid = new Map<string, AcceptanceMode>()
  #sayAgain: NodeJS.Timeout | undefined
  #said: string | undefined
  #beaten: HeartbeatStatus | undefined
  #stopped = false

  constructor(options: VoiceOptions) {
    this.#options = options
    mkdirSync(options.places.stateDirectory, { recursive: true, mode: 0o700 })
  }

  /**
   * Takes the link first: it is what makes this process the one that speaks for the agent, so that a child which inherited
   * the same environment stays silent. Waits while another process holds it.
   * @param onHeld called once when that is so
   */
  async start(session: string | null, onHeld?: () => void): Promise<void> {
    const { places, handlers } = this.#options
    const all: LinkHandlers = { ...handlers, ask: () => ({ pid: process.pid, ...this.#options.state() }) }
    for (let told = false; this.#link === undefined && !this.#stopped; ) {
      try {
        this.#link = await LinkServer.listen(places.linkSocket, all)
      } catch (error) {
        if (!(error instanceof FleetError && error.reason === 'held')) throw error
        if (!told) onHeld?.()
        told = true
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref())
      }
    }
    if (this.#stopped) {
      this.#link?.[Symbol.dispose]()
      return
    }
    this.#journal = new JournalWriter(places.journalFile)
    this.#inbox = new Inbox(places.stateDirectory)
    this.#journal.append({ kind: 'started', session })
    this.#findUnsaid()
    this.#sayUnsaid()
    this.#heartbeat = new HeartbeatWriter({
      file: places.heartbeatFile,
      intervalMs: places.heartbeatIntervalMs,
      read: () => {
        const { turn, model, contextUsed } = this.#options.state()
        this.#beaten = this.#status()
        // What changed without an event, such as a login, is said within one interval.
        if (this.#said !== undefined) this.sayActivity()
        return { status: this.#beaten, turn, ...(model === null ? {} : { model }), ...(contextUsed === null ? {} : { contextUsed }) }
      },
    })
  }

  /** True from `start` to `stop`. */
  get speaking(): boolean {
    return this.#journal !== undefined && !this.#stopped
  }

  /** One signal on the disk. A journal that cannot be written must not end the runtime: what nobody reads is then `unknown`. */
  say(signal: SignalBody): void {
    if (this.#stopped) return
    try {
      if (this.#sayUnsaid()) this.#journal?.append(signal)
    } catch {
      // A full disk shows in the acceptances that do not come.
    }
  }

  /** Says the activity if it is another than last said, and beats at once when the status changed with it. */
  sayActivity(): void {
    const { activity, detail } = this.#options.state()
    const word = JSON.stringify([activity, detail])
    if (word === this.#said || !this.speaking) return
    this.#said = word
    this.say({ kind: 'activity', activity, detail })
    if (this.#status() !== this.#beaten) this.#heartbeat?.beat()
  }

  /** Whether the message with this id was accepted before. */
  known(id: string): 'unknown' | 'pending' | 'done' {
    return this.#inbox?.state(id) ?? 'unknown'
  }

  /**
   * Accepts a message durably before it is acted upon. Accepted before: says so, changes nothing, false. From then on it is
   * this runtime's, also while the journal cannot be written: then it is said as soon as it can be.
   * @throws when it could not be made durable; then it is not accepted
   */
  accept(id: string, text: string, mode: AcceptanceMode): boolean {
    if (this.#inbox === undefined || this.#journal === undefined) return true
    if (!this.#inbox.accept(id, text)) {
      this.say({ kind: 'duplicate', id })
      return false
    }
    faultPoint('runtime-after-inbox')
    this.#unsaid.set(id, mode)
    this.#sayUnsaid()
    return true
  }

  /** The message is worked off. */
  finish(id: string): void {
    try {
      this.#inbox?.finish(id)
    } catch {
      // It is then worked off once more after a restart, rather than never.
    }
  }

  /**
   * Ids of the accepted messages that a text is made of: one as a rule; several when a person got them out of the
   * runtime's queue into the editor and sent them as one.
   */
  accepted(text: string): string[] {
    const pending = this.#inbox?.pending() ?? []
    const whole = pending.find((message) => message.text === text)
    return whole === undefined ? pending.filter((message) => text.includes(message.text.trim())).map(({ id }) => id) : [whole.id]
  }

  /** Work on the message begins. */
  begin(id: string): void {
    try {
      this.#inbox?.begin(id)
    } catch {
      // Counted for the case that it ends this process; a full disk does not.
    }
  }

  /**
   * Accepted by this or an earlier process and not worked off, oldest first. One that was begun too often is given up here,
   * so that no message can keep a runtime from ever running again.
   */
  takeUp(): AcceptedMessage[] {
    const pending = this.#inbox?.pending() ?? []
    for (const { id } of pending.filter(({ begun }) => begun >= MAX_BEGUN)) {
      this.say({ kind: 'error', reason: 'given-up', detail: `message ${id} was begun ${MAX_BEGUN} times and never finished`, until: null })
      this.finish(id)
    }
    return pending.filter(({ begun }) => begun < MAX_BEGUN)
  }

  /** Says `stopped`, removes the socket. Idempotent, synchronous, never throws. */
  stop(): void {
    if (this.#stopped) return
    this.say({ kind: 'stopped' })
    this.#stopped = true
    clearTimeout(this.#sayAgain)
    this.#heartbeat?.[Symbol.dispose]()
    this.#link?.[Symbol.dispose]()
    try {
      this.#journal?.[Symbol.dispose]()
      this.#inbox?.[Symbol.dispose]()
      if (this.#heartbeat !== undefined) rmSync(`${this.#options.places.heartbeatFile}.tmp`, { force: true })
    } catch {
      // On the way out.
    }
  }

  /** A process that was killed between its inbox and its journal left an acceptance unsaid. */
  #findUnsaid(): void {
    const pending = this.#inbox?.pending() ?? []
    if (pending.length === 0) return
    const said = acceptedIn(readFileSync(this.#options.places.journalFile, 'utf8'))
    for (const { id } of pending) if (!said.has(id)) this.#unsaid.set(id, 'queued')
  }

  /** Says the acceptances that are still to be said, before anything else is. False: the journal cannot be written now. */
  #sayUnsaid(): boolean {
    clearTimeout(this.#sayAgain)
    try {
      for (const [id, mode] of this.#unsaid) {
        this.#journal?.append({ kind: 'accepted', id, mode })
        this.#unsaid.delete(id)
      }
      return true
    } catch {
      if (!this.#stopped) this.#sayAgain = setTimeout(() => this.#stopped || this.#sayUnsaid(), SAY_AGAIN_MS).unref()
      return false
    }
  }

  #status(): HeartbeatStatus {
    return this.#options.status?.() ?? statusOf(this.#options.state().activity)
  }
}
