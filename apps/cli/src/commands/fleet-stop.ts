/** `mosaic fleet stop` */

import { existsSync } from 'node:fs'
import type { AgentOutcome } from '@mosaic/domain/fleet-control'
import { recordFile } from '@mosaic/host/supervisor/embedded/record'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { FIRST_AGENT, onlyNamed, snapshotOf } from '../fleet/open.ts'
import { outcomeStatus, outcomeText } from '../fleet/outcomes.ts'
import { defineVerb, type Input } from '../verb.ts'

/** It was killed: what it left is its own to end. */
const TO_STOP = 'ending what a host service left that was killed'

interface StopAnswer {
  agents: AgentOutcome[]
  /** The host service and the tmux holder: ended with the whole fleet, kept when only some agents stop. */
  service: 'ended' | 'kept' | 'not-running'
}

/** Without a host service: nothing to do, unless sessions outlived it; then `undefined`. */
async function nothingRuns(context: Context, names: readonly string[]): Promise<StopAnswer | undefined> {
  const snapshot = onlyNamed(await snapshotOf(context), names)
  // The record goes with the last trace of a fleet; where it stands, something may still have to be removed.
  if (snapshot.agents.some(({ pane }) => pane !== 'none') || existsSync(recordFile(context.paths))) return undefined
  return { agents: snapshot.agents.map(({ name }) => ({ name, did: 'unchanged', detail: 'not running' })), service: 'not-running' }
}

async function stopAll(context: Context): Promise<StopAnswer> {
  const client = await context.ensureService(TO_STOP)
  const { pid } = await client.status()
  context.progress.say('stopping the fleet')
  context.goesOnInBackground('the host service goes on stopping the fleet: mosaic fleet ps')
  const agents = await client.shutdown()
  await context.disconnect()
  const { serviceEnded } = await import('../fleet/await-end.ts')
  await serviceEnded(context.paths, pid)
  return { agents, service: 'ended' }
}

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
