/** The smallest fleet that is one: both fleet interfaces, in memory, for who serves a fleet or is served by one. */

import type { AgentRecord, FleetEvent, FleetSnapshot } from '@mosaic/domain/agent-record'
import { FleetError } from '@mosaic/domain/error'
import type { AgentOutcome, FleetControl, SendRequest } from '@mosaic/domain/fleet-control'
import type { FleetView } from '@mosaic/domain/fleet-view'
import type { Receipt } from '@mosaic/domain/message'
import type { Escalation, Report } from '@mosaic/domain/report'
import { turn } from './fake-clock.ts'

/** An agent of this name makes every verb fail with an error that is nobody's business. */
export const BROKEN = 'broken'
export const SECRET = 'a secret of the host service'

export class TinyFleet implements FleetView, FleetControl {
  readonly names: readonly string[]
  /** Every call with its arguments. */
  readonly calls: [string, ...unknown[]][] = []
  readonly sent: SendRequest[] = []
  readonly #events: FleetEvent[] = []
  readonly #receipts = new Map<string, Receipt>()
  readonly #wakers = new Set<() => void>()
  #paused = false

  constructor(names: readonly string[] = ['orchestrator', 'enhancer']) {
    this.names = names
  }

  /** Who follows events now. */
  get followers(): number {
    return this.#wakers.size
  }

  emit(kind: string, detail: Record<string, unknown> = {}): void {
    const seq = this.#events.length + 1
    this.#events.push({ seq, at: new Date(seq).toISOString(), tenant_id: 't', host: 'h', agent: null, kind, detail })
    for (const wake of this.#wakers) wake()
  }

  async snapshot(): Promise<FleetSnapshot> {
    this.calls.push(['snapshot'])
    return {
      tenant_id: 't',
      host: 'h',
      as_of: new Date(0).toISOString(),
      observer: 'up',
      observer_note: null,
      supervisor: 'embedded',
      paused: this.#paused,
      roster_problem: null,
      socket_name: null,
      agents: [],
      escalations: [],
      orphans: [],
    }
  }

  async agent(name: string): Promise<AgentRecord> {
    this.#called('agent', name)
    throw new FleetError('not_done', `${name} is known by its name only`)
  }

  async commsBlock(name: string): Promise<string> {
    this.#called('commsBlock', name)
    return `# ${name}`
  }

  async receipt(id: string): Promise<Receipt> {
    this.calls.push(['receipt', id])
    const receipt = this.#receipts.get(id)
    if (receipt === undefined) throw new FleetError('not_found', `no message ${id}`, { where: 'spool', mend: 'check', reason: 'word' })
    return receipt
  }

  async receipts(name: string, limit: number): Promise<Receipt[]> {
    this.#called('receipts', name)
    this.calls.push(['limit', limit])
    return [...this.#receipts.values()].slice(0, limit)
  }

  async reports(options: { agent?: string | undefined; limit: number }): Promise<Report[]> {
    this.calls.push(['reports', options])
    return []
  }

  async escalations(options: { all: boolean }): Promise<Escalation[]> {
    this.calls.push(['escalations', options])
    return []
  }

  async acknowledge(id: string): Promise<Escalation> {
    this.calls.push(['acknowledge', id])
    throw new FleetError('not_found', `no escalation ${id}`)
  }

  async *events(options: { sinceSeq?: number; signal: AbortSignal }): AsyncIterable<FleetEvent> {
    this.calls.push(['events', options.sinceSeq])
    let next = options.sinceSeq ?? this.#events.length
    let wake = () => {}
    const waker = () => wake()
    this.#wakers.add(waker)
    options.signal.addEventListener('abort', waker)
    try {
      while (!options.signal.aborted) {
        const event = this.#events[next]
        if (event === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
          continue
        }
        next += 1
        if (event.kind === 'end') return
        if (event.kind === BROKEN) throw new Error(SECRET)
        yield event
      }
    } finally {
      this.#wakers.delete(waker)
    }
  }

  start(names?: readonly string[]): Promise<AgentOutcome[]> {
    return this.#each('start', names, 'started')
  }

  stop(names?: readonly string[]): Promise<AgentOutcome[]> {
    return this.#each('stop', names, 'stopped')
  }

  restart(names?: readonly string[]): Promise<AgentOutcome[]> {
    return this.#each('restart', names, 'restarted')
  }

  async reset(name: string, options: { newSession: boolean }): Promise<AgentOutcome> {
    this.#called('reset', name)
    return { name, did: options.newSession ? 'new-session' : 'reset', detail: null }
  }

  async send(request: SendRequest): Promise<Receipt> {
    this.#called('send', request.to)
    this.sent.push(request)
    const receipt: Receipt = {
      id: request.id,
      tenant_id: 't',
      host: 'h',
      from: request.from,
      to: `t@h:${request.to}`,
      state: 'stored',
      reason: null,
      detail: null,
      signal: null,
      mode: null,
      attempts: 0,
      bytes: Buffer.byteLength(request.text),
      created_at: new Date(0).toISOString(),
      injected_at: null,
      accepted_at: null,
      latency_ms: null,
    }
    this.#receipts.set(request.id, receipt)
    return receipt
  }

  /** Takes one turn of the event loop per unit of `timeoutMs`, so that answers can overtake each other. */
  async waitForReceipt(id: string, timeoutMs: number): Promise<Receipt> {
    for (let turns = 0; turns < timeoutMs; turns += 1) await turn()
    return this.receipt(id)
  }

  async pause(): Promise<void> {
    this.calls.push(['pause'])
    this.#paused = true
  }

  async resume(): Promise<void> {
    this.calls.push(['resume'])
    this.#paused = false
  }

  async reload(): Promise<{ applied: boolean; problem: string | null }> {
    this.calls.push(['reload'])
    return { applied: false, problem: 'line 3' }
  }

  shutdown(): Promise<AgentOutcome[]> {
    return this.#each('shutdown', undefined, 'stopped')
  }

  #called(verb: string, name: string): void {
    this.calls.push([verb, name])
    if (name === BROKEN) throw new Error(SECRET)
    if (!this.names.includes(name)) throw new FleetError('not_found', `no agent ${name}`, { mend: 'mosaic agent roster' })
  }

  async #each(verb: string, names: readonly string[] | undefined, did: AgentOutcome['did']): Promise<AgentOutcome[]> {
    this.calls.push([verb, names])
    return (names ?? this.names).map((name) => ({ name, did, detail: null }))
  }
}
