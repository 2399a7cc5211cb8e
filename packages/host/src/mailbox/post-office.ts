/** Messages of this host from the moment they are stored to their receipt: the spool, the courier, and those who wait. */

import { existsSync } from 'node:fs'
import { type Address, formatAddress, parseAddress } from '@mosaic/domain/address'
import type { AgentDefinition, FleetDefinition } from '@mosaic/domain/agent'
import { FleetError } from '@mosaic/domain/error'
import type { SendRequest } from '@mosaic/domain/fleet-control'
import { isMessageId, isSettled, messageId, messageText, type Receipt, SERVICE_SESSION } from '@mosaic/domain/message'
import type { Clock } from '@mosaic/domain/ports/clock'
import type { SessionHost } from '@mosaic/domain/ports/session-host'
import type { MosaicPaths } from '../paths.ts'
import { Courier, type CourierParts, type Target } from './courier.ts'
import { faultPoint } from './fault-point.ts'
import { openSpool, type SqliteSpool } from './spool.ts'

/** Settled receipts are kept for this long, milliseconds. */
const KEEP_RECEIPTS_MS = 30 * 24 * 3600_000
/** How often older ones are removed, milliseconds. */
const PRUNE_EVERY_MS = 24 * 3600_000

/**
 * More of one agent do not wait for one receiver at once, so that an agent that sends in a loop fills no disk. A person who sends
 * is not bounded: nobody types that much, and a script of the operator's may well have more.
 */
const MAX_PENDING_OF_AGENT = 100

/** A message with what became of it. */
export interface Letter {
  receipt: Receipt
  text: string
}

export interface PostOfficeParts {
  paths: MosaicPaths
  clock: Clock
  host: SessionHost
  audit: CourierParts['audit']
  target(receiver: string): Target
  isAgent(name: string): boolean
  onReceipt(receiver: string, receipt: Receipt): void
  random(bytes: number): Uint8Array
  log(text: string): void
}

export class PostOffice implements Disposable {
  readonly #parts: PostOfficeParts
  readonly #spool: SqliteSpool
  readonly #courier: Courier
  #cancelPrune = () => {}
  readonly #waiters = new Map<string, Set<(receipt: Receipt) => void>>()

  constructor(parts: PostOfficeParts) {
    this.#parts = parts
    this.#spool = openSpool(parts.paths)
    const { host, clock, audit, target, log } = parts
    this.#courier = new Courier({
      spool: this.#spool,
      host,
      clock,
      audit,
      target,
      log,
      // Dispatch is what agents send to each other; a person can still talk to a paused fleet.
      paused: (sender) => existsSync(parts.paths.pausedFile) && parts.isAgent(sender),
      onReceipt: (receipt) => this.#settle(receipt),
    })
  }

  get courier(): Courier {
    return this.#courier
  }

  /** Goes on with what was under way. Call when every journal has been read to its end. */
  recover(): void {
    this.#courier.recover()
    this.#prune()
  }

  #prune(): void {
    this.#cancelPrune = this.#parts.clock.after(PRUNE_EVERY_MS, () => this.#prune())
    try {
      this.#spool.prune(this.#parts.clock.wallMs() - KEEP_RECEIPTS_MS)
    } catch (error) {
      // On a full disk even removing takes space; that must not keep the service from starting.
      this.#parts.log(`old receipts were not removed: ${(error as Error).message}`)
    }
  }

  /**
   * Before anything is written of a message. A message that is stored already has its place.
   * @throws FleetError `refused` when too many messages of this agent wait for that receiver
   */
  assertRoom(to: AgentDefinition, { id, from }: Pick<SendRequest, 'id' | 'from'>): void {
    const sender = parseAddress(from)
    if (sender === undefined || !this.#parts.isAgent(sender.session)) return
    if (this.#spool.pendingFrom(sender, to.name) < MAX_PENDING_OF_AGENT || this.#spool.receipt(id) !== undefined) return
    const what = `${MAX_PENDING_OF_AGENT} messages of ${from} wait for ${to.name} already; more are not taken, and nothing was stored`
    throw new FleetError('refused', what, {
      reason: 'too-many',
      mend: `wait until ${to.name} has taken some, which fleet_inbox and fleet_peers show; a report or an escalation reaches the operator`,
    })
  }

  /**
   * Stored durably when this returns.
   * @throws FleetError `invalid`, `refused` as `assertRoom` says, or `not_done` when it could not be stored
   */
  send(to: AgentDefinition, request: SendRequest): Receipt {
    const from = parseAddress(request.from)
    if (from === undefined)
      throw new FleetError('invalid', `${JSON.stringify(request.from)} is not an address`, { mend: 'write tenant@host:session' })
    if (!isMessageId(request.id))
      throw new FleetError('invalid', `${JSON.stringify(request.id)} is not a message id`, { mend: 'send without --id' })
    this.assertRoom(to, request)
    return this.#store(from, to, request)
  }

  /** A message of the host service itself. */
  notify(fleet: FleetDefinition, to: AgentDefinition, text: string): Receipt {
    const { clock, random } = this.#parts
    const from: Address = { tenant_id: fleet.tenantId, host: fleet.host, session: SERVICE_SESSION }
    return this.#store(from, to, { id: messageId(clock.wallMs(), random(10)), to: to.name, from: formatAddress(from), text, urgent: false })
  }

  receipt(id: string): Receipt {
    const receipt = this.#spool.receipt(id)
    if (receipt !== undefined) return receipt
    throw new FleetError('not_found', `no message ${JSON.stringify(id.slice(0, 40))}`, { mend: 'check the id that `agent send` printed' })
  }

  receipts(name: string, limit: number): Receipt[] {
    return this.#spool.receipts(name, limit)
  }

  /** What was sent to `address` and by it, newest first, with the texts. */
  correspondence(address: Address, limit: number): Letter[] {
    return this.#spool.correspondence(address, limit)
  }

  /** One message of that correspondence. */
  letter(address: Address, id: string): Letter | undefined {
    const message = this.#spool.message(id)
    if (message === undefined) return undefined
    const isOwn = message.to.session === address.session || formatAddress(message.from) === formatAddress(address)
    return isOwn ? { receipt: this.receipt(id), text: message.text } : undefined
  }

  /** Unsettled messages per receiver. */
  queued(): Map<string, number> {
    return new Map(this.#spool.receivers().map((entry) => [entry.session, entry.queued]))
  }

  async waitForReceipt(id: string, timeoutMs: number): Promise<Receipt> {
    const receipt = this.receipt(id)
    if (isSettled(receipt.state) || timeoutMs <= 0) return receipt
    return new Promise((resolve) => {
      const waiting = this.#waiters.get(id) ?? new Set()
      this.#waiters.set(id, waiting)
      const done = (settled: Receipt) => {
        cancel()
        waiting.delete(done)
        if (waiting.size === 0) this.#waiters.delete(id)
        resolve(settled)
      }
      const cancel = this.#parts.clock.after(timeoutMs, () => done(this.receipt(id)))
      waiting.add(done)
    })
  }

  [Symbol.dispose](): void {
    this.#courier[Symbol.dispose]()
    this.#cancelPrune()
    // Whoever waits is told what is true now; a timer must not meet a closed spool.
    for (const [id, waiting] of [...this.#waiters]) for (const waiter of [...waiting]) waiter(this.receipt(id))
    this.#spool.close()
  }

  #store(from: Address, to: AgentDefinition, request: SendRequest): Receipt {
    const { id, urgent, deadlineAtMs } = request
    const text = messageText(request.text)
    const receipt = this.#spool.store({ id, from, to: to.address, text, urgent, createdAtMs: this.#parts.clock.wallMs(), deadlineAtMs })
    faultPoint('after-store')
    this.#courier.poke(to.name)
    return receipt
  }

  #settle(receipt: Receipt): void {
    this.#parts.onReceipt(receipt.to.slice(receipt.to.lastIndexOf(':') + 1), receipt)
    if (isSettled(receipt.state)) for (const waiter of this.#waiters.get(receipt.id) ?? []) waiter(receipt)
  }
}
