/** Changing an agent, and restarting just that one. */

import { FleetError } from '@mosaic/domain/error'
import type { AgentEntry, Roster } from '@mosaic/domain/roster'
import { editProblem } from '@mosaic/domain/roster-policy'
import type { AgentChanges } from '@mosaic/host/roster-file/edit-roster'
import type { Context } from '../context.ts'
import { noAgent, readRoster } from '../fleet/open.ts'
import { type ChangeAnswer, changeRoster, takeOver } from './change-roster.ts'
import { type EntryOptions, entryOf, UNSETTABLE } from './entry-options.ts'
import { requireItsRuntime } from './require-runtime.ts'

/** Keys that a running agent does not notice. */
const QUIET_KEYS: ReadonlySet<string> = new Set(['alias', 'lifecycle', 'idle_timeout'])

export interface EditOptions extends EntryOptions {
  unset?: string[]
  restart?: boolean
}

const usage = (message: string, mend: string): FleetError => new FleetError('invalid', message, { mend, reason: 'usage' })

/** The changes that the options ask for. @throws FleetError `invalid` when they ask for none, or for two of one key */
export function changesOf(options: EditOptions, rest: readonly string[]): AgentChanges {
  const changes: Record<string, unknown> = { ...entryOf(options, rest) }
  for (const word of options.unset ?? []) {
    const key = Object.hasOwn(UNSETTABLE, word) ? UNSETTABLE[word as keyof typeof UNSETTABLE] : undefined
    if (key === undefined) throw usage(`--unset does not know ${JSON.stringify(word)}`, `choose of ${Object.keys(UNSETTABLE).join(', ')}`)
    if (Object.hasOwn(changes, key)) throw usage(`--${word} and --unset ${word} contradict each other`, 'leave one of them')
    changes[key] = null
  }
  if (Object.keys(changes).length === 0) throw usage('nothing to change', 'give what to change, e.g. --model NAME')
  return changes as AgentChanges
}

const entryNamed = (roster: Roster, name: string): AgentEntry | undefined => roster.agents.find((agent) => agent.name === name)

/** Keys in which two entries differ. */
function changedKeys(before: AgentEntry | undefined, after: AgentEntry | undefined): string[] {
  const keys = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]) as Set<keyof AgentEntry>
  return [...keys].filter((key) => JSON.stringify(before?.[key]) !== JSON.stringify(after?.[key]))
}

/**
 * @param restart false leaves what runs as it is; the difference is then shown as drift
 * @throws FleetError `not_found`, `invalid`, `missing` when the new runtime is not there, or `refused` when a fleet would lose its
 *   orchestrator or last enhancer
 */
export async function editAgent(context: Context, name: string, changes: AgentChanges, restart: boolean): Promise<ChangeAnswer> {
  if (changes.runtime != null && restart && (await context.service()) !== undefined) {
    const entry = entryNamed(await readRoster(context), name)
    const command = changes.command === undefined ? entry?.command : (changes.command ?? undefined)
    await requireItsRuntime(context, { runtime: changes.runtime, command, host: entry?.host })
  }
  const { before, after } = await changeRoster(context, {
    verb: 'edit',
    name,
    detail: { ...changes },
    change: (document, roster) => {
      if (entryNamed(roster, name) === undefined) throw noAgent(name)
      const problem = editProblem(roster, name, changes)
      if (problem !== undefined) throw new FleetError('refused', problem, { reason: 'floor', mend: 'give the role to another agent first' })
      document.editAgent(name, changes)
    },
  })
  const keys = changedKeys(entryNamed(before, name), entryNamed(after, name))
  const answer: ChangeAnswer = {
    name,
    did: keys.length === 0 ? 'unchanged' : 'changed',
    roster: context.paths.roster,
    outcome: null,
    worktree: null,
  }
  const client = await context.service()
  if (keys.length === 0 || client === undefined) return answer
  await takeOver(client, context.paths.roster)
  const record = await client.agent(name)
  if (!restart || !record.supervisor.wanted || keys.every((key) => QUIET_KEYS.has(key))) return answer
  context.progress.say(`restarting ${name}`)
  context.goesOnInBackground(`the roster is changed and ${name} goes on restarting: mosaic agent status ${name}`)
  const [outcome] = await client.restart([name])
  return { ...answer, outcome: outcome ?? null }
}
