/** The audit of one fleet: every entry says whose fleet, where, and on whose behalf. */

import type { Audit } from '@mosaic/domain/ports/audit'
import type { Clock } from '@mosaic/domain/ports/clock'
import type { Acting } from './acting.ts'
import { actorAddress, type Place } from './actor.ts'

export interface FleetAuditParts {
  audit: Audit
  acting: Acting
  clock: Clock
  /** As the roster in force says. */
  place(): Place
  log(text: string): void
}

export interface Act {
  verb: string
  agent?: string
  /** A message id, a launch id. */
  ref?: string | null
  detail?: object
  /** `tenant@host:session`; default: on whose behalf this is done. */
  actor?: string
}

export class FleetAudit {
  readonly #parts: FleetAuditParts

  constructor(parts: FleetAuditParts) {
    this.#parts = parts
  }

  /** @throws FleetError `not_done` when it cannot be written: then it must not be done */
  record(act: Act): void {
    const { audit, acting, clock } = this.#parts
    const place = this.#parts.place()
    audit.record({
      atMs: clock.wallMs(),
      tenant_id: place.tenantId,
      host: place.host,
      actor: act.actor ?? actorAddress(place, acting.session()),
      verb: act.verb,
      agent: act.agent ?? null,
      ref: act.ref ?? null,
      detail: { ...act.detail },
    })
  }

  /** For endings: what eats the disk must be stoppable on a full disk, so the entry is asked for and not insisted on. */
  recordIfPossible(act: Act): void {
    try {
      this.record(act)
    } catch (error) {
      this.#parts.log(`${[act.verb, act.agent].filter(Boolean).join(' ')} is not in the audit: ${(error as Error).message}`)
    }
  }
}
