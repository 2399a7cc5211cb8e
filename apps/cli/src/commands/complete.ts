/** `mosaic complete -- words...`: what a completion script asks. */

import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { defineVerb, type Input } from '../verb.ts'

async function run(context: Context, { args }: Input<object>): Promise<number> {
  const { printCandidates } = await import('../completion/candidates.ts')
  await printCandidates(args, context.world)
  return EXIT.done
}

export const verb = defineVerb({
  declare: (command: Command) => {
    command
      .description('Answers a completion script: candidates for the last word, one per line.')
      .argument('[words...]', 'behind --: the words of the line, the last one unfinished')
  },
  examples: [],
  run,
})
