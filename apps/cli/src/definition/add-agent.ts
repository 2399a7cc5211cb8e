/** Defining a new agent, and starting it. */

import { assertName } from '@mosaic/domain/address'
import { FleetError } from '@mosaic/domain/error'
import type { AgentEntry } from '@mosaic/domain/roster'
import { additionProblem } from '@mosaic/domain/roster-policy'
import type { Context } from '../context.ts'
import { type ChangeAnswer, changeRoster, takeOver } from './change-roster.ts'
import { requireItsRuntime } from './require-runtime.ts'

/**
 * Adds `entry` to the roster.
 * @param start `always` brings the host service up for it, `if-running` starts it where the fleet runs, `never` only defines it
 * @throws FleetError `refused` when the name is taken, `invalid` for a bad entry, `missing` when it is to start and its runtime is not there
 */
export async function addAgent(context: Context, entry: AgentEntry, start: 'always' | 'if-running' | 'never'): Promise<ChangeAnswer> {
  const { name } = entry
  assertName(name)
  if (start === 'always' || (start === 'if-running' && (await context.service()) !== undefined)) await requireItsRuntime(context, entry)
  await changeRoster(context, {
    verb: 'add',
    name,
    detail: { ...entry },
    change: (document, roster) => {
      const problem = additionProblem(roster, entry)
      if (problem !== undefined)
        throw new FleetError('refused', problem, { mend: 'give it another class with --class', reason: 'one-orchestrator' })
      if (entry.runtime === undefined && roster.defaults?.runtime === undefined)
        throw new FleetError('invalid', `nothing says what ${name} runs: the roster has no defaults.runtime`, {
          mend: 'name one, e.g. --runtime stub',
          reason: 'usage',
        })
      document.addAgent(entry)
    },
  })
  const answer: ChangeAnswer = { name, did: 'added', roster: context.paths.roster, outcome: null, worktree: null }
  const client = start === 'always' ? await context.ensureService() : await context.service()
  if (client === undefined) return answer
  await takeOver(client, context.paths.roster)
  if (start === 'never') return answer
  context.progress.say(`starting ${name}`)
  context.goesOnInBackground(`${name} is in the roster and goes on starting: mosaic agent status ${name}`)
  const [outcome] = await client.start([name])
  return { ...answer, outcome: outcome ?? null }
}
