/** `mosaic fleet resume` */

import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { setPaused } from '../fleet/pause-switch.ts'
import { defineVerb } from '../verb.ts'

async function run(context: Context): Promise<number> {
  const { changed } = await setPaused(context, false)
  context.answer({ paused: false, changed }, changed ? 'Resumed.\n' : 'It was not paused.\n')
  return EXIT.done
}

export const verb = defineVerb({
  declare: (command: Command) => {
    command.description('Removes the pause switch, the file fleet/run/PAUSED: dispatch and merge go on.')
  },
  examples: [{ command: 'mosaic fleet resume', does: 'let the fleet go on' }],
  changes: true,
  run,
})
