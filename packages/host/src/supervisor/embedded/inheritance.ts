/** The lives that a supervisor takes over: what the roster names, what the record remembers, and what the marks on sessions prove. */

import { nameProblem } from '@mosaic/domain/address'
import type { PaneState } from '@mosaic/domain/ports/session-host'
import { AgentLife } from './agent-life.ts'
import { homeOfMark, launchIdOfMark } from './mark.ts'
import type { SupervisorRecord } from './record.ts'

export interface Estate {
  record: SupervisorRecord
  /** Of the agents in the roster. */
  names: readonly string[]
  panes: readonly PaneState[]
  /** Of this fleet, which its marks name. */
  home: string
}

export function inheritedLives({ record, names, panes, home }: Estate): AgentLife[] {
  const remembered = Object.keys(record.agents).filter((name) => nameProblem(name) === undefined && record.agents[name]?.launchId !== null)
  return [...new Set([...names, ...remembered])].map((name) => {
    const kept = record.agents[name]
    if (kept !== undefined) return AgentLife.fromRecord(name, kept)
    const life = new AgentLife(name)
    // The record is lost, the session is not: whoever marked it with this home launched it for this fleet.
    const pane = panes.find((candidate) => candidate.session === name && homeOfMark(candidate.mark) === home)
    if (pane?.alive === true) Object.assign(life, { wanted: true, launchId: launchIdOfMark(pane.mark) })
    return life
  })
}
