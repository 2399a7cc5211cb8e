/** The question before a fleet is uninstalled. */

import { confirm, isCancel, note, text } from '@clack/prompts'
import { displaySafe } from '@mosaic/domain/display'
import type { Context } from '../context.ts'

/**
 * @param home of a fleet that is to be removed for good: its path has to be typed
 * @returns false when the operator left or said no
 */
export async function confirmUninstall(context: Context, plan: string, home: string | undefined): Promise<boolean> {
  // The prompts read the keyboard themselves, Ctrl-C included.
  const signal = context.takeOverEnding()
  note(plan.split('\n').map(displaySafe).join('\n'), 'mosaic fleet uninstall')
  if (home === undefined) {
    const yes = await confirm({ message: 'Uninstall this fleet?', initialValue: false, signal })
    return !isCancel(yes) && yes
  }
  const word = await text({ message: `To remove it for good, type the path ${displaySafe(home)}`, signal })
  if (!isCancel(word) && word === home) return true
  context.note('That is not the path: nothing was done.')
  return false
}
