/** What may not be done to a roster although the result would be valid: the floor of a fleet. */

import { type AgentClass, classOfName } from './role.ts'
import type { AgentEntry, Roster } from './roster.ts'

/** The class of an entry, named or not. */
export const classOfEntry = (entry: Pick<AgentEntry, 'name' | 'class'>): AgentClass => entry.class ?? classOfName(entry.name)

const countOf = (agents: readonly AgentEntry[], wanted: AgentClass): number =>
  agents.filter((entry) => classOfEntry(entry) === wanted).length

/** A fleet that has an orchestrator keeps it, and one that has enhancers keeps one. */
function floorProblem(before: readonly AgentEntry[], after: readonly AgentEntry[], name: string): string | undefined {
  const lost = (wanted: AgentClass) => countOf(before, wanted) > 0 && countOf(after, wanted) === 0
  if (lost('orchestrator')) return `${name} is the fleet's orchestrator, and a fleet that has one keeps it`
  if (lost('enhancer')) return `${name} is the fleet's last enhancer, and a fleet that has one keeps one`
  return undefined
}

/** Why the agent must not be added, or `undefined` when it may be. */
export function additionProblem(roster: Roster, entry: Pick<AgentEntry, 'name' | 'class'>): string | undefined {
  if (classOfEntry(entry) !== 'orchestrator') return undefined
  const there = roster.agents.find((agent) => classOfEntry(agent) === 'orchestrator')
  return there === undefined ? undefined : `${there.name} is the orchestrator already, and a fleet has one`
}

/** Why the agent must not be removed, or `undefined` when it may be (also when there is no such agent). */
export function removalProblem(roster: Roster, name: string): string | undefined {
  return floorProblem(
    roster.agents,
    roster.agents.filter((entry) => entry.name !== name),
    name,
  )
}

/** Why the agent must not be changed like this, or `undefined`. A change of name or class can take a role away as a removal does. */
export function editProblem(
  roster: Roster,
  name: string,
  changes: { name?: string | null | undefined; class?: AgentClass | null | undefined },
): string | undefined {
  const after = roster.agents.map((entry): AgentEntry => {
    if (entry.name !== name) return entry
    const { class: kept, ...rest } = entry
    const changed = changes.class === undefined ? kept : (changes.class ?? undefined)
    return { ...rest, name: changes.name ?? entry.name, ...(changed === undefined ? {} : { class: changed }) }
  })
  return floorProblem(roster.agents, after, name)
}
