/** What agents tell their operator, and what the operator does with it. */

import type { AgentDefinition } from '@mosaic/domain/agent'
import { FleetError } from '@mosaic/domain/error'
import type { Escalation, Report } from '@mosaic/domain/report'
import type { AgentTools } from './agent-endpoint/tools.ts'
import { FleetTools, type FleetToolsParts } from './agent-tools/agent-tools.ts'
import { ReportStore } from './agent-tools/report-store.ts'
import { actorAddress } from './audit/actor.ts'
import type { MosaicPaths } from './paths.ts'

export class AgentDesk implements Disposable {
  readonly tools: AgentTools
  readonly #parts: Omit<FleetToolsParts, 'store'>
  readonly #store: ReportStore

  constructor(paths: MosaicPaths, parts: Omit<FleetToolsParts, 'store'>) {
    this.#parts = parts
    this.#store = new ReportStore(paths)
    this.tools = new FleetTools({ ...parts, store: this.#store })
  }

  reports(agent: AgentDefinition | undefined, limit: number): Report[] {
    return this.#store.reports(agent?.name, limit)
  }

  escalations(options: { all: boolean }): Escalation[] {
    return this.#store.escalations(options)
  }

  /** @throws FleetError `not_found` */
  acknowledge(id: string): Escalation {
    const { audit, acting, clock, fleet, onEvent } = this.#parts
    const known = this.#known(id)
    if (known.acknowledged_at !== null) return known
    audit.record({ verb: 'acknowledge', agent: known.agent, ref: id })
    this.#store.acknowledge(id, new Date(clock.wallMs()).toISOString(), actorAddress(fleet(), acting.session()))
    onEvent(known.agent, 'acknowledged', { id })
    return this.#known(id)
  }

  #known(id: string): Escalation {
    const known = this.#store.escalation(id)
    if (known !== undefined) return known
    throw new FleetError('not_found', `no escalation ${JSON.stringify(id.slice(0, 40))}`, { mend: 'mosaic fleet escalations' })
  }

  [Symbol.dispose](): void {
    this.#store[Symbol.dispose]()
  }
}
