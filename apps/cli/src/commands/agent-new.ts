/** `mosaic agent new` */

import { resolve } from 'node:path'
import { FleetError } from '@mosaic/domain/error'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { declareEntryOptions, type EntryOptions, entryOf } from '../definition/entry-options.ts'
import { defineVerb, type Input } from '../verb.ts'

interface Options extends EntryOptions {
  ephemeral?: boolean
  worktree?: string
  branch?: string
}

const usage = (message: string, mend: string): FleetError => new FleetError('invalid', message, { mend, reason: 'usage' })

function assertFits({ ephemeral, lifecycle, worktree, branch, cwd }: Options): void {
  if (ephemeral === true && lifecycle === 'core') throw usage('--ephemeral and --lifecycle core contradict each other', 'leave one of them')
  if (worktree !== undefined && cwd !== undefined) throw usage('--worktree and --cwd both say where it works', 'leave one of them')
  if (worktree !== undefined && ephemeral !== true && lifecycle !== 'ephemeral')
    throw usage('a worktree ends with its agent, so the agent has to be ephemeral', 'add --ephemeral, or use --cwd')
  if (branch !== undefined && worktree === undefined) throw usage('--branch is the branch of a worktree', 'add --worktree REPOSITORY')
}

async function run(context: Context, { args, options }: Input<Options>): Promise<number> {
  const [name = '', ...rest] = args
  assertFits(options)
  const given = { ...options, ...(options.ephemeral === true ? { lifecycle: 'ephemeral' } : {}) }
  const entry = { name, ...entryOf(given, rest) }
  const [{ addAgent }, { addInWorktree }, { answerChange }] = await Promise.all([
    import('../definition/add-agent.ts'),
    import('../definition/add-in-worktree.ts'),
    import('../definition/change-text.ts'),
  ])
  const { worktree, branch } = options
  const answer =
    worktree === undefined
      ? await addAgent(context, entry, 'always')
      : await addInWorktree(context, entry, { repository: resolve(worktree), branch })
  return answerChange(context, answer, '')
}

export const verb = defineVerb<Options>({
  declare: (command: Command) => {
    command
      .description(
        'Defines an agent and starts it, in one step; the host service too when it does not run. "fleet add" only defines it then.',
      )
      .argument('<name>', 'its name and address, by role: coder1')
      .argument('[arguments...]', 'behind --: arguments of --command')
    declareEntryOptions(command)
    command
      .option('--ephemeral', 'the same as --lifecycle ephemeral')
      .option('--worktree <repository>', 'work in a git worktree of its own, which goes with the agent unless it holds work')
      .option('--branch <branch>', 'the new branch of the worktree; default: mosaic/NAME')
  },
  examples: [
    { command: 'mosaic agent new coder1', does: 'a coder, defined and running' },
    {
      command: 'mosaic agent new coder7 --ephemeral --worktree ~/src/app',
      does: 'one with a branch of its own, until "fleet remove coder7"',
    },
    { command: 'mosaic agent new researcher0 --runtime pi --model sonnet', does: 'one on a runtime and model of its own' },
  ],
  changes: true,
  run,
})
