/** `mosaic agent reset` */

import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { outcomeStatus, outcomeText } from '../fleet/outcomes.ts'
import { defineVerb, type Input } from '../verb.ts'

interface Options {
  new?: boolean
}

async function run(context: Context, { args, options }: Input<Options>): Promise<number> {
  const [name = ''] = args
  const client = await context.service()
  if (client === undefined) {
    const [{ FleetError }, { onlyNamed, snapshotOf }] = await Promise.all([import('@mosaic/domain/error'), import('../fleet/open.ts')])
    onlyNamed(await snapshotOf(context), [name])
    throw new FleetError('not_done', `${name} does not run: the host service is down`, {
      reason: 'not-running',
      mend: `mosaic fleet start ${name}`,
    })
  }
  context.progress.say(`resetting ${name}`)
  const outcome = await client.reset(name, { newSession: options.new === true })
  context.answer(outcome, outcomeText(context, [outcome]))
  return outcome.did === 'failed' ? outcomeStatus([outcome]) : EXIT.done
}

export const verb = defineVerb<Options>({
  declare: (command: Command) => {
    command
      .description(
        'Gives an agent a fresh conversation by the means of its runtime; where it has none, or with --new, its process ends and a new session ' +
          'starts without resuming. Audited.',
      )
      .argument('<name>', 'the agent')
      .option('--new', 'end the process and start a new session')
  },
  examples: [
    { command: 'mosaic agent reset coder0', does: 'a fresh conversation in the same process' },
    { command: 'mosaic agent reset coder0 --new', does: 'a new process and session' },
  ],
  changes: true,
  run,
})
