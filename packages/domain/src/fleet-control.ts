/** Changing a fleet. Every change is idempotent and audited. */

import type { Receipt } from './message.ts'
import type { Escalation } from './report.ts'

/** What a lifecycle verb did to one agent. */
export interface AgentOutcome {
  name: string
  /** `unchanged`: it was so already. */
  did: 'started' | 'stopped' | 'restarted' | 'unchanged' | 'reset' | 'new-session' | 'failed'
  detail: string | null
}

export interface SendRequest {
  /** A new one, or the id of an earlier send that must not be delivered twice. */
  id: string
  to: string
  /** `tenant@host:session`; of a person the session is `operator`. */
  from: string
  /** As the sender gave it; whoever stores it measures it and makes it harmless (`messageText`). */
  text: string
  urgent: boolean
  /** Epoch ms after which the sender wants "not accepted"; absent: as long as it takes. */
  deadlineAtMs?: number
}

export interface FleetControl {
  /**
   * Makes the agents run and returns once each session exists (or could not be made). Absent `names`: all.
   * @throws FleetError `not_found` for a name that the roster does not have
   */
  start(names?: readonly string[]): Promise<AgentOutcome[]>
  stop(names?: readonly string[]): Promise<AgentOutcome[]>
  restart(names?: readonly string[]): Promise<AgentOutcome[]>
  /** A fresh conversation, by the runtime's own means; `newSession` ends the process and starts another. */
  reset(name: string, options: { newSession: boolean }): Promise<AgentOutcome>
  /** Stores the message durably; delivery goes on by itself. The receipt is as of storing. */
  send(request: SendRequest): Promise<Receipt>
  /** Waits until the receipt is settled or `timeoutMs` passed. */
  waitForReceipt(id: string, timeoutMs: number): Promise<Receipt>
  /** The operator has seen it. Again is no change. @throws FleetError `not_found` */
  acknowledge(id: string): Promise<Escalation>
  /** No dispatch and no merge while paused. */
  pause(): Promise<void>
  resume(): Promise<void>
  /** Reads the roster again. A faulty one is reported and the last good one stays in force. */
  reload(): Promise<{ applied: boolean; problem: string | null }>
  /** Ends every session of the fleet and the host service itself. */
  shutdown(): Promise<AgentOutcome[]>
}
