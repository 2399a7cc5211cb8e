/**
 * The courier: the only one that hands messages to runtimes. Per receiver one at a time, in the order they were stored;
 * nothing is typed that the runtime has not just said it can take; accepted is the runtime's own word with the id.
 */

import { formatAddress } from '@mosaic/domain/address'
import type { BlockReason, Message, MessageHead, Receipt } from '@mosaic/domain/message'
import { isSettled, renderMessage, utf8Length } from '@mosaic/domain/message'
import type { Clock } from '@mosaic/domain/ports/clock'
import type { Spool, SpooledMessage } from '@mosaic/domain/ports/mailbox'
import type { RuntimeSession } from '@mosaic/domain/ports/runtime'
import type { SessionHost, SubmitKey } from '@mosaic/domain/ports/session-host'
import { faultPoint } from './fault-point.ts'

/**
 * How long a runtime may take to answer before it counts as hung, milliseconds. On a machine under load a large one takes
 * seconds, and what it then says is the true reason why it takes no message.
 */
const ASK_TIMEOUT_MS = 5_000
/** How soon a held message is looked at again when no event comes first, milliseconds. */
const HOLD_RETRY_MS = 250
const MAX_HOLD_RETRY_MS = 1_500
/** The longest wait for a deadline, milliseconds: it is of the wall clock, which can be set, and a timer is not. */
const MAX_SLEEP_MS = 60_000
/** How often a delivery that keeps failing in the same way is told, milliseconds. */
const LOG_AGAIN_MS = 60_000
/** How long an answering runtime may leave a message unaccepted before it counts as wedged, milliseconds. */
const WEDGED_AFTER_MS = 10_000

/** The living process that a message would go to, or why there is none. */
export type Target =
  | {
      up: true
      launchId: string
      sessionId: string
      session: RuntimeSession
      /** It has said that it takes input. */
      ready: boolean
      /** What runs in the pane is what was launched. */
      ours: boolean
      dropsDuplicates: boolean
      /** For runtimes that are typed into. */
      submitKey?: SubmitKey
      /** The process that the keys are for. */
      pid?: number | undefined
    }
  | { up: false; reason: BlockReason; detail: string; dropsDuplicates: boolean }

export interface CourierParts {
  spool: Spool
  host: SessionHost
  clock: Clock
  target(receiver: string): Target
  /** The PAUSED switch holds back what this session sends. */
  paused(sender: string): boolean
  /** Told before anything is handed over; a throw prevents it. */
  audit(entry: { actor: string; agent: string; ref: string; detail: Record<string, unknown> }): void
  onReceipt(receipt: Receipt): void
  log(text: string): void
}

interface Lane {
  /** One run at a time; a poke during a run makes another follow. */
  running: boolean
  again: boolean
  cancelTimer: () => void
  /** Refusals in a row by the pane or the runtime itself, each of which is an act that is audited: they slow down. */
  refusals: number
  /** What was last logged of it, and when (monotonic). */
  logged: { text: string; atMs: number } | undefined
  /** Since when (monotonic) the process of this launch has had something that it did not accept. */
  unaccepted: { launchId: string | null; sinceMs: number } | undefined
}

interface Hold {
  reason: BlockReason
  detail: string
}
type Gate = { go: true } | ({ go: false } & Hold)

const PAUSED: Hold = { reason: 'paused', detail: 'the fleet is paused' }
const UNDER_WAY: Hold = { reason: 'queued', detail: 'an earlier message is still under way' }
const hold = (reason: BlockReason, detail: string): Gate => ({ go: false, reason, detail })

export class Courier implements Disposable {
  readonly #parts: CourierParts
  readonly #lanes = new Map<string, Lane>()
  #closed = false

  constructor(parts: CourierParts) {
    this.#parts = parts
  }

  /**
   * After a courier that was killed: a message it had claimed may or may not have been handed over. Call when every
   * journal has been read to its end, so that what was accepted is known.
   */
  recover(): void {
    const { spool } = this.#parts
    for (const { session } of spool.receivers()) {
      const { dropsDuplicates } = this.#parts.target(session)
      const underWay = spool.first(session)
      if (underWay?.state !== 'injecting') continue
      try {
        this.#unsure(underWay.message.id, dropsDuplicates, 'the host service ended while handing it over')
      } catch (error) {
        // A full disk must not keep the service from starting; the message stays as it is until the next one.
        this.#parts.log(`delivery to ${session}: ${(error as Error).message}`)
      }
    }
    this.pokeAll()
  }

  /** Something changed for this receiver: a message, a life, an activity. Cheap when there is nothing to do. */
  poke(receiver: string): void {
    if (this.#closed) return
    const lane = this.#lane(receiver)
    if (lane.running) {
      lane.again = true
      return
    }
    lane.running = true
    lane.cancelTimer()
    void this.#run(receiver, lane)
  }

  pokeAll(): void {
    for (const { session } of this.#parts.spool.receivers()) this.poke(session)
  }

  /**
   * The runtime said that it took this message. `atMs` is its own time of saying so; `mode` is `null` when it only said
   * that it dropped a repeat, by which it had taken it before, nobody knows when and how.
   */
  accepted(receiver: string, id: string, options: { signal: string; mode: 'turn' | 'queued' | 'steered' | null; atMs: number }): void {
    const known = this.#parts.spool.receipt(id)
    if (known === undefined || known.state === 'accepted' || !known.to.endsWith(`:${receiver}`)) return
    faultPoint('before-receipt')
    this.#report(this.#parts.spool.apply(id, { event: 'accept', ...options }))
    this.#lane(receiver).unaccepted = undefined
    this.poke(receiver)
  }

  /** True when the process that runs now has left a message unaccepted for long, and has accepted none since. */
  isWedged(receiver: string): boolean {
    const unaccepted = this.#lanes.get(receiver)?.unaccepted
    if (unaccepted === undefined || this.#parts.clock.monotonicMs() - unaccepted.sinceMs <= WEDGED_AFTER_MS) return false
    const target = this.#parts.target(receiver)
    return target.up && target.launchId === unaccepted.launchId
  }

  [Symbol.dispose](): void {
    this.#closed = true
    for (const lane of this.#lanes.values()) lane.cancelTimer()
  }

  async #run(receiver: string, lane: Lane): Promise<void> {
    try {
      do {
        lane.again = false
        while (!this.#closed && (await this.#step(receiver, lane))) lane.again = false
      } while (lane.again && !this.#closed)
    } catch (error) {
      this.#logFailure(receiver, lane, (error as Error).message)
      lane.refusals += 1
      this.#wake(receiver, lane, this.#paceMs(lane))
    } finally {
      lane.running = false
    }
  }

  /** One step for the message whose turn it is; true when the next should follow at once. */
  async #step(receiver: string, lane: Lane): Promise<boolean> {
    const first = this.#next(receiver)
    if (first === undefined) return false
    const target = this.#parts.target(receiver)
    const outstanding = first.state !== 'stored'
    if (outstanding && this.#belongsToEnded(first, target)) return this.#requeue(first, lane)
    if (this.#isOverdue(first)) return this.#expire(first, target)
    if (outstanding) {
      this.#noteUnaccepted(lane, first.incarnation)
      this.#holdAll(receiver, UNDER_WAY)
      // Its acceptance and its end are told; a look now and then is a net under that.
      this.#later(receiver, lane, target, MAX_HOLD_RETRY_MS)
      return false
    }
    const gate = await this.#gate(target, first.message)
    if (!gate.go) this.#holdAll(receiver, gate)
    // Overdue while it was asked: settled by now, or in the next step.
    if (this.#isOverdue(first)) return true
    if (!gate.go) {
      this.#later(receiver, lane, target, this.#paceMs(lane))
      return false
    }
    return target.up ? this.#handOver(first, target, lane) : false
  }

  /** What is under way, else the oldest that the PAUSED switch lets through, else the oldest. */
  #next(receiver: string): SpooledMessage | undefined {
    const { spool, paused } = this.#parts
    const first = spool.first(receiver)
    if (first === undefined || first.state !== 'stored' || !paused(first.message.from.session)) return first
    const free = spool.senders(receiver).filter((sender) => !paused(sender))
    return (free.length === 0 ? undefined : spool.first(receiver, free)) ?? first
  }

  async #gate(target: Target, message: MessageHead): Promise<Gate> {
    if (!target.up) return hold(target.reason, target.detail)
    if (this.#parts.paused(message.from.session)) return { go: false, ...PAUSED }
    if (!target.ours) return hold('foreign-process', 'what runs in its pane is not what the roster says')
    const answer = await target.session.ask(ASK_TIMEOUT_MS)
    if (answer === undefined) {
      return target.ready
        ? hold('hung', 'the runtime does not answer')
        : hold('starting', 'the runtime has not said yet that it takes input')
    }
    if (!answer.ready) return hold('starting', 'the runtime is not ready yet')
    if (answer.activity === 'waiting') return hold('dialog', answer.detail ?? 'a question or permission is open')
    if (answer.activity === 'draft') return hold('draft', 'its composer holds text that was not sent')
    return { go: true }
  }

  async #handOver(first: SpooledMessage, target: Target & { up: true }, lane: Lane): Promise<boolean> {
    const { spool, clock } = this.#parts
    const message = spool.message(first.message.id)
    // Somebody else removed it.
    if (message === undefined) return true
    const receiver = message.to.session
    const { launchId, session } = target
    this.#parts.audit({
      actor: formatAddress(message.from),
      agent: receiver,
      ref: message.id,
      detail: { bytes: utf8Length(message.text), urgent: message.urgent },
    })
    faultPoint('before-claim')
    const claimed = spool.apply(message.id, { event: 'claim', atMs: clock.wallMs(), incarnation: launchId })
    this.#report(claimed)
    // It was accepted while the runtime was asked: an earlier life had taken it.
    if (claimed.state !== 'injecting') return true
    faultPoint('before-inject')
    const rendered = renderMessage(message)
    let refusal: Hold | undefined
    try {
      refusal =
        session.deliver === undefined ? await this.#paste(message, target, rendered) : await this.#native(session, message, rendered)
    } catch (error) {
      this.#unsure(message.id, target.dropsDuplicates, 'handing it over broke off')
      throw error
    }
    faultPoint('after-inject')
    if (refusal !== undefined) {
      this.#report(spool.apply(message.id, { event: 'postpone', atMs: clock.wallMs(), ...refusal }))
      this.#holdAll(receiver, refusal)
      lane.refusals += 1
      this.#later(receiver, lane, target, this.#paceMs(lane))
      return false
    }
    lane.refusals = 0
    const change = {
      event: 'injected',
      atMs: clock.wallMs(),
      reason: 'unverifiable',
      detail: 'handed over; the runtime has not said that it accepted',
    } as const
    const receipt = spool.apply(message.id, change)
    if (receipt.state === 'injected') this.#noteUnaccepted(lane, launchId)
    this.#report(receipt)
    return true
  }

  /** Whether it arrived is not known: a runtime that drops duplicates gets it again, for others it ends unconfirmed. */
  #unsure(id: string, dropsDuplicates: boolean, detail: string): void {
    const event = dropsDuplicates ? 'requeue' : 'expire'
    this.#report(this.#parts.spool.apply(id, { event, atMs: this.#parts.clock.wallMs(), reason: 'unverifiable', detail }))
  }

  #noteUnaccepted(lane: Lane, launchId: string | null): void {
    if (lane.unaccepted?.launchId !== launchId) lane.unaccepted = { launchId, sinceMs: this.#parts.clock.monotonicMs() }
  }

  async #paste(
    message: Message,
    { session, sessionId, submitKey, pid }: Target & { up: true },
    rendered: string,
  ): Promise<Hold | undefined> {
    const paste = () => this.#parts.host.paste(message.to.session, sessionId, rendered, submitKey, pid)
    const typed = await (session.whileNoQuestion?.(paste, message) ?? paste().then((result) => ({ outcome: 'typed' as const, result })))
    if (typed.outcome === 'known') return undefined
    if (typed.outcome === 'refused') return { reason: typed.because, detail: typed.detail }
    const { result } = typed
    if (result.outcome === 'pasted') return undefined
    if (result.because === 'copy-mode') return { reason: 'copy-mode', detail: 'somebody scrolls in its pane' }
    if (result.because === 'other-incarnation') return { reason: 'foreign-process', detail: 'another process than its own is in its pane' }
    if (result.because === 'dead') return { reason: 'dead', detail: 'its process ended' }
    return { reason: 'not-running', detail: 'its session is gone' }
  }

  async #native(session: RuntimeSession, message: Message, rendered: string): Promise<Hold | undefined> {
    const result = await session.deliver?.(message, rendered)
    return result === undefined || result.outcome === 'handed-over' ? undefined : { reason: result.because, detail: result.detail }
  }

  /** True when it was handed to a process that is no more, so that only a new one can take it. */
  #belongsToEnded(first: SpooledMessage, target: Target): boolean {
    return target.up ? first.incarnation !== target.launchId : target.reason !== 'starting'
  }

  /**
   * Handed to a process that ended without accepting it. Runtimes that drop duplicates by id get it again; for others
   * it is not known whether they took it, so it ends unconfirmed.
   */
  #requeue(first: SpooledMessage, lane: Lane): boolean {
    lane.unaccepted = undefined
    const { spool, clock } = this.#parts
    const target = this.#parts.target(first.message.to.session)
    const event = target.dropsDuplicates ? 'requeue' : 'expire'
    this.#report(
      spool.apply(first.message.id, { event, atMs: clock.wallMs(), reason: 'dead', detail: 'its process ended before it accepted' }),
    )
    return true
  }

  #isOverdue(first: SpooledMessage): boolean {
    const { deadlineAtMs } = first.message
    return deadlineAtMs !== undefined && this.#parts.clock.wallMs() >= deadlineAtMs
  }

  #expire(first: SpooledMessage, target: Target): boolean {
    const receipt = this.#parts.spool.receipt(first.message.id)
    const reason: BlockReason = first.state !== 'stored' ? 'unverifiable' : (receipt?.reason ?? (target.up ? 'timeout' : target.reason))
    const detail = receipt?.detail ?? (target.up ? 'its deadline passed' : target.detail)
    this.#report(this.#parts.spool.apply(first.message.id, { event: 'expire', atMs: this.#parts.clock.wallMs(), reason, detail }))
    return true
  }

  /** All that wait for a receiver whose turn has not come yet: each learns why, and those end whose time is up. */
  #holdAll(receiver: string, why: Hold): void {
    const { spool, clock, paused } = this.#parts
    const [held, free]: [string[], string[]] = [[], []]
    for (const sender of spool.senders(receiver)) (paused(sender) ? held : free).push(sender)
    if (free.length > 0) spool.hold(receiver, free, why.reason, why.detail)
    if (held.length > 0) spool.hold(receiver, held, PAUSED.reason, PAUSED.detail)
    for (const receipt of spool.expireWaiting(receiver, clock.wallMs())) this.#report(receipt)
  }

  #paceMs({ refusals }: Lane): number {
    return Math.min(MAX_HOLD_RETRY_MS, HOLD_RETRY_MS * 2 ** Math.min(10, Math.max(0, refusals - 1)))
  }

  /** Looks again at the next deadline, and before that after `paceMs` where something can change that nobody tells. */
  #later(receiver: string, lane: Lane, target: Target, paceMs: number): void {
    const deadlineMs = this.#parts.spool.nearestDeadlineMs(receiver)
    if (deadlineMs === undefined && !target.up) return
    const untilDeadlineMs = Math.max(0, (deadlineMs ?? Number.POSITIVE_INFINITY) - this.#parts.clock.wallMs())
    // Whatever a process does that does not run, its life tells.
    this.#wake(receiver, lane, Math.min(target.up ? paceMs : MAX_SLEEP_MS, untilDeadlineMs))
  }

  #wake(receiver: string, lane: Lane, afterMs: number): void {
    lane.cancelTimer()
    if (!this.#closed) lane.cancelTimer = this.#parts.clock.after(afterMs, () => this.poke(receiver))
  }

  /** A failure that stays the same is told now and then only. */
  #logFailure(receiver: string, lane: Lane, text: string): void {
    const atMs = this.#parts.clock.monotonicMs()
    if (lane.logged?.text === text && atMs - lane.logged.atMs < LOG_AGAIN_MS) return
    lane.logged = { text, atMs }
    this.#parts.log(`delivery to ${receiver}: ${text}`)
  }

  #report(receipt: Receipt): void {
    if (isSettled(receipt.state)) faultPoint('after-receipt')
    this.#parts.onReceipt(receipt)
  }

  #lane(receiver: string): Lane {
    let lane = this.#lanes.get(receiver)
    if (lane === undefined) {
      lane = { running: false, again: false, cancelTimer: () => {}, refusals: 0, logged: undefined, unaccepted: undefined }
      this.#lanes.set(receiver, lane)
    }
    return lane
  }
}
