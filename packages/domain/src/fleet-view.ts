/** Observing a fleet. Reads only: nothing here types, starts, stops or resizes. */

import type { AgentRecord, FleetEvent, FleetSnapshot } from './agent-record.ts'
import type { Receipt } from './message.ts'
import type { Escalation, Report } from './report.ts'

export interface FleetView {
  /** The whole fleet, joined from supervisor, sessions, processes, answers and mailbox. */
  snapshot(): Promise<FleetSnapshot>
  /** @throws FleetError `not_found` when the roster has no such agent */
  agent(name: string): Promise<AgentRecord>
  /** What the agent is told about its peers. @throws FleetError `not_found` */
  commsBlock(name: string): Promise<string>
  /** The proof of what became of a message. @throws FleetError `not_found` */
  receipt(id: string): Promise<Receipt>
  /** Receipts of one receiver, newest first. */
  receipts(name: string, limit: number): Promise<Receipt[]>
  /** What agents said of their work, newest first; without `agent` of all. */
  reports(options: { agent?: string | undefined; limit: number }): Promise<Report[]>
  /** Calls for the operator, newest first: the open ones, or with `all` the acknowledged ones as well. */
  escalations(options: { all: boolean }): Promise<Escalation[]>
  /** Events from now on (or after `sinceSeq`), until `signal` aborts. */
  events(options: { sinceSeq?: number; signal: AbortSignal }): AsyncIterable<FleetEvent>
}
