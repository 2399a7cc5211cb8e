/** Keys that a roster may have and that this version does nothing with: accepted, so that a roster can be written for later, and said. */

import type { Roster } from './roster.ts'

const TOP = ['connector', 'budget'] as const
const OF_RUNTIME = ['reset_command'] as const
const OF_AGENT = ['ssh', 'socket', 'persistent_persona', 'reset_between_tasks', 'kickstart_template'] as const

/** By the table of the reference that each stands in. An agent's `host` is in force as far as this host leaves the others' agents alone. */
export const NOT_IN_FORCE: Readonly<Record<'roster' | 'runtimes' | 'agents', readonly string[]>> = {
  roster: TOP,
  runtimes: OF_RUNTIME,
  agents: OF_AGENT,
}

const MAX_NAMED = 3

function ofAgents(key: string, names: readonly string[]): string[] {
  if (names.length === 0) return []
  const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : ''
  return [`${key} (${names.slice(0, MAX_NAMED).join(', ')}${more})`]
}

/**
 * What this roster asks for in vain, each with the agents or the runtime that it stands at.
 * @param host this host's name, unless the roster names it
 */
export function notInForce(roster: Roster, host: string): string[] {
  const own = roster.host ?? host
  const { agents } = roster
  const asked = (value: unknown): boolean => value !== undefined && value !== false
  return [
    ...TOP.filter((key) => roster[key] !== undefined),
    ...Object.entries(roster.runtimes ?? {}).flatMap(([id, settings]) =>
      OF_RUNTIME.filter((key) => settings?.[key] !== undefined).map((key) => `${key} (${id})`),
    ),
    ...OF_AGENT.flatMap((key) =>
      ofAgents(
        key,
        agents.filter((agent) => asked(agent[key])).map(({ name }) => name),
      ),
    ),
    ...ofAgents(
      'host',
      agents.filter((agent) => (agent.host ?? own) !== own).map(({ name }) => name),
    ),
  ]
}
