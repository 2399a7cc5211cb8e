/** `mosaic fleet uninstall` */

import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import type { UninstallAnswer, UninstallPlan } from '../fleet/uninstall.ts'
import { defineVerb, type Input } from '../verb.ts'

interface Options {
  yes?: boolean
  purge?: boolean
}

function planLines({ additions, kept }: UninstallPlan, purge: boolean, home: string): string[] {
  const lines = ['The fleet is stopped, and taken back is:']
  if (additions.length === 0) lines.push('  nothing: the fleet added nothing outside of its own home')
  lines.push(...additions.map(({ file, what }) => `  ${file}: ${what}`))
  if (purge)
    return [...lines, 'Removed for good is:', `  ${home}: everything in it`, ...kept.map(({ path, what }) => `    ${path}: ${what}`)]
  return [...lines, 'Kept is:', ...(kept.length === 0 ? ['  nothing'] : kept.map(({ path, what }) => `  ${path}: ${what}`))]
}

function doneLines(answer: UninstallAnswer): string[] {
  const { did, home, additions, left, kept } = answer
  return [
    did === 'purged' ? `Uninstalled, and ${home} is removed.` : 'Uninstalled; nothing of the fleet runs.',
    ...additions.filter((one) => !left.includes(one)).map(({ file }) => `  taken back: ${file}`),
    ...left.map(({ file }) => `  left as it is, because it is no JSON any more: ${file}`),
    ...kept.map(({ path, what }) => `  kept: ${path}: ${what}`),
  ]
}

async function run(context: Context, { options }: Input<Options>): Promise<number> {
  const { assertPurgeable, planUninstall, uninstall } = await import('../fleet/uninstall.ts')
  const purge = options.purge === true
  if (purge) assertPurgeable(context)
  const plan = await planUninstall(context)
  const { home } = context.paths
  // A home is removed by the word of somebody who typed it, never by an option.
  if (purge || options.yes !== true) {
    const lines = planLines(plan, purge, home)
    const { stdin, stdout } = context.world
    if (context.json || stdin.isTTY !== true || stdout.isTTY !== true) {
      const answer = { ...plan, did: 'planned', home, service: 'kept', left: [] } satisfies UninstallAnswer
      context.answer(answer, `${lines.join('\n')}\n`)
      context.note(`Nothing was done: ${purge ? '--purge asks for a word, so run it on a terminal' : 'with --yes it is'}`)
      return EXIT.notDone
    }
    const { confirmUninstall } = await import('../fleet/confirm-uninstall.ts')
    if (!(await confirmUninstall(context, lines.join('\n'), purge ? home : undefined))) return EXIT.notDone
  }
  const answer = await uninstall(context, plan, purge)
  context.answer(answer, `${doneLines(answer).join('\n')}\n`)
  return answer.left.length === 0 ? EXIT.done : EXIT.notDone
}

export const verb = defineVerb<Options>({
  declare: (command: Command) => {
    command
      .description(
        'Stops the fleet and takes back what it added outside of its own home, after it has said what that is. Roster, accounts, messages and ' +
          'conversations stay. With --purge the home of the fleet goes as well, once you have typed its path.',
      )
      .option('--yes', 'do not ask')
      .option('--purge', 'remove the home of the fleet too, with the homes of its accounts; asks for its path')
  },
  examples: [
    { command: 'mosaic fleet uninstall', does: 'see what would go, and decide' },
    { command: 'mosaic fleet uninstall --yes', does: 'do it' },
  ],
  changes: true,
  run,
})
