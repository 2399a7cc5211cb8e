/** Who did what: one record per write to a pane or change of the fleet. */

export interface AuditRecord {
  /** Epoch milliseconds. */
  atMs: number
  tenant_id: string
  host: string
  /** `host:operator`, an agent's session, or `mosaicd`. */
  actor: string
  /** The verb, e.g. `send`, `attach`, `reset`, `start`. */
  verb: string
  agent: string | null
  /** A message id, a launch id. */
  ref: string | null
  detail: Record<string, unknown>
}

export interface Audit {
  /** Appends durably before it returns. @throws FleetError `not_done` when it cannot be written: the act must not happen */
  record(entry: AuditRecord): void
}
