/** `mosaic agent watch` */

import type { WatchOptions } from '@mosaic/host/observe/watch'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { defineVerb, type Input } from '../verb.ts'

async function run(context: Context, { args }: Input<object>): Promise<number> {
  const [name = ''] = args
  const [{ agentSession, inSession, secondsSince }, { watchAgent }] = await Promise.all([
    import('../fleet/agent-session.ts'),
    import('@mosaic/host/observe/watch'),
  ])
  const { tmux } = await agentSession(context, name)
  const { stdin, stdout } = context.world
  const signal = context.takeOverEnding()
  const beganMs = performance.now()
  const terminal = { stdin: stdin as WatchOptions['stdin'], stdout: stdout as WatchOptions['stdout'] }
  const ended = await inSession(name, watchAgent({ tmux, session: name, ...terminal, signal }))
  context.answer({ name, ended, seconds: secondsSince(beganMs) }, '')
  return ended === 'SIGINT' ? EXIT.interrupted : EXIT.done
}

export const verb = defineVerb({
  declare: (command: Command) => {
    command
      .description(
        'Shows the screen of an agent live. Read-only: nothing you type reaches it, its window keeps its size, and nothing is left behind. ' +
          'q leaves; arrows pan when its window is larger than your terminal.',
      )
      .argument('<name>', 'the agent')
  },
  examples: [{ command: 'mosaic agent watch coder0', does: 'look over its shoulder' }],
  run,
})
