/**
 * The fleet's tools as agents call them. An agent acts in its own name alone: who it is comes from its token, never from
 * what it says; and every act is audited under that name before it is done.
 */

import { parseAddress } from '@mosaic/domain/address'
import type { AgentDefinition, FleetDefinition } from '@mosaic/domain/agent'
import type { FleetSnapshot } from '@mosaic/domain/agent-record'
import { displaySafeText } from '@mosaic/domain/display'
import { FleetError } from '@mosaic/domain/error'
import {
  type EscalateInput,
  type FleetToolCall,
  fleetTools,
  type InboxInput,
  parseToolCall,
  type ReportInput,
  type SendInput,
} from '@mosaic/domain/fleet-tools'
import { isMessageId, messageId, messageText, utf8Length } from '@mosaic/domain/message'
import type { Clock } from '@mosaic/domain/ports/clock'
import type { Escalation, Report } from '@mosaic/domain/report'
import type { AgentTools, ToolAnswer, ToolCaller } from '../agent-endpoint/tools.ts'
import type { Acting } from '../audit/acting.ts'
import type { FleetAudit } from '../audit/fleet-audit.ts'
import type { PostOffice } from '../mailbox/post-office.ts'
import { inboxOf, letterOf } from './inbox.ts'
import { peersOf } from './peers.ts'
import type { ReportStore } from './report-store.ts'

export interface FleetToolsParts {
  fleet(): FleetDefinition
  snapshot(): Promise<FleetSnapshot>
  post: PostOffice
  store: ReportStore
  audit: FleetAudit
  acting: Acting
  clock: Clock
  random(bytes: number): Uint8Array
  onEvent(agent: string, kind: string, detail: Record<string, unknown>): void
  log(text: string): void
}

type Structured = Record<string, unknown>

const answer = (structured: Structured): ToolAnswer => ({ text: JSON.stringify(structured), isError: false, structured })
const failure = (text: string): ToolAnswer => ({ text, isError: true })

/** What went wrong and what to do about it, for a model to act on. */
const failureOf = ({ message, mend }: FleetError): ToolAnswer => failure(mend === undefined ? message : `${message}. What to do: ${mend}`)

export class FleetTools implements AgentTools {
  readonly list = fleetTools()
  readonly #parts: FleetToolsParts

  constructor(parts: FleetToolsParts) {
    this.#parts = parts
  }

  async call(caller: ToolCaller, tool: string, input: unknown): Promise<ToolAnswer | undefined> {
    const call = parseToolCall(tool, input)
    if (call === undefined) return undefined
    if ('problem' in call) return failure(`${tool} was not done, its input is wrong: ${call.problem}`)
    const { acting, log } = this.#parts
    try {
      return await acting.as(caller.name, () => this.#do(caller, call))
    } catch (error) {
      if (error instanceof FleetError) return failureOf(error)
      log(`${caller.name}: ${tool}: ${(error as Error).stack ?? String(error)}`)
      return failure(
        `${tool} failed inside the fleet; nothing is known of what was done. What to do: tell your orchestrator, or try again later`,
      )
    }
  }

  async #do(caller: ToolCaller, call: FleetToolCall): Promise<ToolAnswer> {
    const self = this.#definition(caller.name)
    if (call.tool === 'fleet_peers') return answer(peersOf(await this.#parts.snapshot(), self.name))
    if (call.tool === 'fleet_send') return answer(await this.#send(self, call.input, this.#id(caller)))
    if (call.tool === 'fleet_inbox') return answer(this.#inbox(self, call.input))
    if (call.tool === 'fleet_report') return answer(this.#report(self, call.input, this.#id(caller)))
    return answer(this.#escalate(self, call.input, this.#id(caller)))
  }

  /** A caller that repeats a call it had no answer to names both by one id, and it is done once. */
  #id({ callId }: ToolCaller): string {
    const { clock, random } = this.#parts
    return callId !== undefined && isMessageId(callId) ? callId : messageId(clock.wallMs(), random(10))
  }

  async #send(self: AgentDefinition, input: SendInput, id: string): Promise<Structured> {
    const { post, audit } = this.#parts
    const to = this.#receiver(input.to)
    const text = messageText(input.message)
    const from = this.#addressOf(self)
    post.assertRoom(to, { id, from })
    audit.record({ verb: 'send', agent: to.name, ref: id, detail: { bytes: utf8Length(text), urgent: input.urgent } })
    const stored = post.send(to, { id, to: to.name, from, text: input.message, urgent: input.urgent })
    const receipt = input.wait_seconds === 0 ? stored : await post.waitForReceipt(id, input.wait_seconds * 1_000)
    const { state, reason, detail, accepted_at } = receipt
    return { id, to: receipt.to, state, reason, detail, accepted_at }
  }

  #inbox({ address }: AgentDefinition, { id, limit }: InboxInput): Structured {
    const { post } = this.#parts
    return id === undefined ? inboxOf(post, address, limit) : letterOf(post, address, id)
  }

  /** @throws FleetError `not_found` with the names that there are */
  #receiver(to: string): AgentDefinition {
    const { agents, tenantId, host } = this.#parts.fleet()
    const address = parseAddress(to)
    const here = address !== undefined && address.tenant_id === tenantId
    const found = agents.find(({ name, address: own }) => (here ? name === address.session && own.host === address.host : name === to))
    if (found !== undefined) return found
    throw new FleetError('not_found', `no agent ${JSON.stringify(to.slice(0, 100))} in this fleet (${tenantId}@${host})`, {
      mend: `send to one of: ${agents.map(({ name }) => name).join(', ')}; the operator is reached by fleet_escalate`,
    })
  }

  /** The id of what a call makes: the call's own, unless another agent's entry has it. */
  #freeId(kind: 'report' | 'escalation', callId: string): string {
    const { store, clock, random } = this.#parts
    return store.isTaken(kind, callId) ? messageId(clock.wallMs(), random(10)) : callId
  }

  #report(self: AgentDefinition, input: ReportInput, callId: string): Structured {
    const { store, audit, onEvent } = this.#parts
    const made = store.madeBy('report', self.name, callId)
    if (made !== undefined) return { id: made.id, kept: true }
    const id = this.#freeId('report', callId)
    const { kind, task, percent } = input
    const text = messageText(input.text)
    const report: Report = {
      ...this.#origin(self, id),
      kind,
      task: task === undefined ? null : displaySafeText(task),
      text,
      percent: percent ?? null,
    }
    audit.record({ verb: 'report', agent: self.name, ref: id, detail: { kind, bytes: utf8Length(text) } })
    store.addReport(report, callId)
    onEvent(self.name, 'report', { id, kind, task: report.task, percent: report.percent, text })
    return { id, kept: true }
  }

  #escalate(self: AgentDefinition, input: EscalateInput, callId: string): Structured {
    const made = this.#parts.store.madeBy('escalation', self.name, callId)
    const entry = made ?? this.#addEscalation(self, input, callId)
    // Also of a repeat: the call before may have ended between the two.
    const told = this.#tellOrchestrator(self, entry)
    return { id: entry.id, kept: true, shown_to_operator: 'until acknowledged', orchestrator_told: told }
  }

  #addEscalation(self: AgentDefinition, input: EscalateInput, callId: string): Escalation {
    const { store, audit, onEvent } = this.#parts
    const { trigger } = input
    const text = messageText(input.text)
    const id = this.#freeId('escalation', callId)
    const entry: Escalation = {
      ...this.#origin(self, id),
      trigger,
      text,
      message_id: null,
      acknowledged_at: null,
      acknowledged_by: null,
    }
    audit.record({ verb: 'escalate', agent: self.name, ref: id, detail: { trigger, bytes: utf8Length(text) } })
    store.addEscalation(entry, callId)
    onEvent(self.name, 'escalation', { id, trigger, text })
    return entry
  }

  /** The name of the orchestrator that was told; the operator sees it either way. */
  #tellOrchestrator(self: AgentDefinition, { id, trigger, text, message_id: told }: Escalation): string | null {
    const { post, store, log } = this.#parts
    if (told !== null) return parseAddress(post.receipt(told).to)?.session ?? null
    const orchestrator = this.#parts.fleet().agents.find((agent) => agent.class === 'orchestrator')
    if (orchestrator === undefined || orchestrator.name === self.name) return null
    try {
      const content = messageText(`Escalation (${trigger}), shown to the operator as well:\n${text}`)
      // Its id is the call's own, so that a call that is repeated tells nobody twice.
      post.send(orchestrator, { id, to: orchestrator.name, from: this.#addressOf(self), text: content, urgent: false })
      store.noteMessage(id, id)
      return orchestrator.name
    } catch (error) {
      log(`the orchestrator was not told of the escalation ${id} of ${self.name}: ${(error as Error).message}`)
      return null
    }
  }

  #origin(self: AgentDefinition, id: string) {
    const { tenant_id, host } = self.address
    return { id, at: new Date(this.#parts.clock.wallMs()).toISOString(), tenant_id, host, agent: self.name }
  }

  #addressOf({ address }: AgentDefinition): string {
    return `${address.tenant_id}@${address.host}:${address.session}`
  }

  #definition(name: string): AgentDefinition {
    const self = this.#parts.fleet().agents.find((agent) => agent.name === name)
    if (self !== undefined) return self
    throw new FleetError('refused', `the roster does not name you (${name}) any more`, {
      mend: 'finish; the operator has removed you from the fleet',
    })
  }
}
