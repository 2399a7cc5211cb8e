/** `mosaic fleet stop` */

import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { FIRST_AGENT } from '../fleet/open.ts'
import { outcomeStatus, outcomeText } from '../fleet/outcomes.ts'
import { nothingRuns, type StopAnswer, stopAll, TO_STOP } from '../fleet/stop-fleet.ts'
import { defineVerb, type Input } from '../verb.ts'

async function stopSome(context: Context, names: readonly string[]): Promise<StopAnswer> {
  const client = await context.ensureService(TO_STOP)
  context.progress.say(`stopping ${names.join(', ')}`)
  context.goesOnInBackground('the host service goes on stopping them: mosaic fleet ps')
  return { agents: await client.stop(names), service: 'kept' }
}

async function run(context: Context, { args }: Input<object>): Promise<number> {
  const idle = (await context.service()) === undefined ? await nothingRuns(context, args) : undefined
  const answer = idle ?? (await (args.length === 0 ? stopAll(context) : stopSome(context, args)))
  const last = { ended: 'The fleet is stopped; nothing of it runs.\n', 'not-running': 'The fleet was stopped already.\n', kept: '' }
  if (answer.agents.length === 0) context.note(`The roster names no agents: ${FIRST_AGENT}`)
  context.answer(answer, `${answer.agents.length === 0 ? '' : outcomeText(context, answer.agents)}${last[answer.service]}`)
  return answer.agents.length === 0 ? EXIT.done : outcomeStatus(answer.agents)
}

export const verb = defineVerb({
  declare: (command: Command) => {
    command
      .description(
        'Stops agents. Without names it stops the whole fleet: every session, the tmux server that held them and the host service; ' +
          'no process and no socket is left. Messages, conversations and the roster stay. A host service that was killed is started for it.',
      )
      .argument('[names...]', 'only these agents; default the whole fleet')
  },
  examples: [
    { command: 'mosaic fleet stop', does: 'stop everything' },
    { command: 'mosaic fleet stop coder0', does: 'stop one agent; it stays stopped until it is started' },
  ],
  changes: true,
  run,
})
