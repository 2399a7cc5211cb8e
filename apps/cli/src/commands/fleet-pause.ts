/** `mosaic fleet pause` */

import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { setPaused } from '../fleet/pause-switch.ts'
import { defineVerb } from '../verb.ts'

async function run(context: Context): Promise<number> {
  const { changed } = await setPaused(context, true)
  const words = changed ? 'Paused: no dispatch and no merge until "mosaic fleet resume".' : 'Paused already.'
  context.answer({ paused: true, changed }, `${words}\n`)
  return EXIT.done
}

export const verb = defineVerb({
  declare: (command: Command) => {
    command.description('Sets the one pause switch, the file fleet/run/PAUSED: no dispatch and no merge while it exists. Agents stay up.')
  },
  examples: [{ command: 'mosaic fleet pause', does: 'hold everything where it is' }],
  changes: true,
  run,
})
