/** A new agent that works in a git worktree of its own. */

import { assertName } from '@mosaic/domain/address'
import { FleetError } from '@mosaic/domain/error'
import type { AgentEntry } from '@mosaic/domain/roster'
import { dropWorktree, makeWorktree } from '@mosaic/host/worktrees/worktree'
import type { Context } from '../context.ts'
import { readRoster } from '../fleet/open.ts'
import { addAgent } from './add-agent.ts'
import type { ChangeAnswer } from './change-roster.ts'

/** @throws FleetError as `addAgent` and `makeWorktree` do; nothing is left then */
export async function addInWorktree(
  context: Context,
  entry: AgentEntry,
  { repository, branch }: { repository: string; branch: string | undefined },
): Promise<ChangeAnswer> {
  const { name } = entry
  assertName(name)
  const { agents } = await readRoster(context)
  if (agents.some((agent) => agent.name === name))
    throw new FleetError('refused', `the roster has an agent ${JSON.stringify(name)} already`, {
      where: context.paths.roster,
      mend: `choose another name, or: mosaic fleet remove ${name}`,
    })
  context.progress.say('making a worktree')
  const worktree = await makeWorktree(context.paths, name, repository, branch)
  try {
    const answer = await addAgent(context, { ...entry, working_directory: worktree.directory }, 'always')
    return { ...answer, worktree: { directory: worktree.directory, branch: worktree.branch } }
  } catch (error) {
    // Unless it stands in the roster and only did not start.
    const stands = (await readRoster(context)).agents.some((agent) => agent.name === name)
    if (!stands) await dropWorktree(context.paths, name)
    throw error
  }
}
