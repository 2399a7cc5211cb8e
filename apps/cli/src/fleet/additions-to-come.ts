/** What a start adds outside of the fleet's own home, said before it is added. */

import { displaySafe } from '@mosaic/domain/display'
import { additionsToCome } from '@mosaic/host/additions'
import type { Context } from '../context.ts'

/** @param agents those that would start, by what they run and where */
export function noteAdditions(context: Context, agents: Parameters<typeof additionsToCome>[0]): void {
  for (const { file, what } of additionsToCome(agents, context.world.env))
    context.note(`${displaySafe(file)} gets ${what}; "mosaic fleet uninstall" takes it back`)
}
