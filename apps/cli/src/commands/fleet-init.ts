/** `mosaic fleet init` */

import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { runtimeOption } from '../definition/entry-options.ts'
import { EXIT } from '../exit-codes.ts'
import type { FleetPlan } from '../fleet/new-fleet.ts'
import { defineVerb, type Input } from '../verb.ts'

interface Options {
  profile?: string
  runtime?: string
  write?: boolean
  force?: boolean
}

interface InitAnswer {
  profile: string
  runtime: string
  roster: string
  socket_name: string | null
  agents: string[]
  written: boolean
  /** Copy of the roster that was replaced. */
  backup: string | null
  text: string
}

const answerOf = (plan: FleetPlan, written: boolean, backup: string | null): InitAnswer => ({
  profile: plan.profile.id,
  runtime: plan.runtime,
  roster: plan.path,
  socket_name: plan.socketName,
  agents: plan.agents,
  written,
  backup,
  text: plan.text,
})

function writtenText(answer: InitAnswer): string {
  const kept = answer.backup === null ? '' : `The roster that was there is kept as ${answer.backup}\n`
  return `${kept}Wrote ${answer.roster}: ${answer.agents.length} agents on ${answer.runtime}.\nNext: mosaic fleet up\n`
}

async function interactive(context: Context, options: Options): Promise<number> {
  const [{ FleetQuestions }, { planFleet, willReplace, writeFleet }, { noteAdditions }] = await Promise.all([
    import('../fleet/ask-fleet.ts'),
    import('../fleet/new-fleet.ts'),
    import('../fleet/additions-to-come.ts'),
  ])
  // Nobody answers questions only to be refused.
  const replaces = await willReplace(context)
  // The prompts read the keyboard themselves, Ctrl-C included.
  using questions = new FleetQuestions(context, context.takeOverEnding())
  const plan = planFleet(context, await questions.ask(options, replaces))
  noteAdditions(context, [{ runtime: plan.runtime, env: {} }])
  if (!(await questions.confirm(plan.path, plan.text, replaces))) return EXIT.notDone
  const backup = await writeFleet(context, plan, replaces)
  context.answer(answerOf(plan, true, backup), writtenText(answerOf(plan, true, backup)))
  return EXIT.done
}

async function run(context: Context, { options }: Input<Options>): Promise<number> {
  const { stdin, stdout } = context.world
  const asked = options.profile === undefined && options.write !== true && !context.json && stdin.isTTY === true && stdout.isTTY === true
  if (asked) return interactive(context, options)
  const [{ planFleet, writeFleet }, { noteAdditions }] = await Promise.all([
    import('../fleet/new-fleet.ts'),
    import('../fleet/additions-to-come.ts'),
  ])
  const plan = planFleet(context, options)
  noteAdditions(context, [{ runtime: plan.runtime, env: {} }])
  if (options.write !== true) {
    context.answer(answerOf(plan, false, null), plan.text, { verbatim: true })
    if (!context.json) context.note(`Dry run: nothing was written. With --write it goes to ${plan.path}`)
    return EXIT.done
  }
  // A fleet whose runtime is not there would come up dead.
  const { requireRuntime } = await import('../fleet/runtimes-found.ts')
  await requireRuntime(context, plan.runtime)
  const answer = answerOf(plan, true, await writeFleet(context, plan, options.force === true))
  context.answer(answer, writtenText(answer))
  return EXIT.done
}

export const verb = defineVerb<Options>({
  declare: (command: Command) => {
    command
      .description(
        'Makes the roster of a new fleet. On a terminal without --profile it asks; otherwise it prints what it would write, and writes it with ' +
          '--write. A roster that is there is never overwritten without --force, and then kept as a backup.',
      )
      .option('-p, --profile <profile>', 'the type of the fleet, e.g. coding; default general')
      .addOption(runtimeOption('what the agents run; default stub'))
      .option('--write', 'write it')
      .option('--force', 'replace the roster that is there; a backup is kept')
  },
  examples: [
    { command: 'mosaic fleet init', does: 'answer three questions' },
    { command: 'mosaic fleet init --profile coding --runtime pi', does: 'see the roster of a coding fleet' },
    { command: 'mosaic fleet init --profile coding --runtime pi --write', does: 'write it' },
  ],
  changes: true,
  run,
})
