/** `mosaic fleet up` */

import { existsSync } from 'node:fs'
import { displaySafe } from '@mosaic/domain/display'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { runtimeOption } from '../definition/entry-options.ts'
import { EXIT } from '../exit-codes.ts'
import type { BroughtUp } from '../fleet/bring-up.ts'
import { psLines, some } from '../fleet/ps-table.ts'
import { unableBecause } from '../fleet/unable.ts'
import { numberOption } from '../options.ts'
import { inWords } from '../output/duration.ts'
import { defineVerb, type Input } from '../verb.ts'

interface Options {
  profile?: string
  runtime?: string
  timeout: string
}

/** How long agents may take to answer, seconds. */
const TIMEOUT_S = 90

/** An agent that is logged out comes up and answers, and no model does. */
async function noteLogins(context: Context): Promise<void> {
  const { loggedOut } = await import('../fleet/logins.ts')
  for (const { names, words, mend } of await loggedOut(context)) context.note(`${some(names)}: ${words}\n  mend:  ${mend}`)
}

/** Makes the roster when there is none; true when it made one. */
async function ensureRoster(context: Context, options: Options): Promise<boolean> {
  const { planFleet, writeFleet } = await import('../fleet/new-fleet.ts')
  if (existsSync(context.paths.roster)) {
    const [{ checkFits }, { readRoster }, { notInForceLine }] = await Promise.all([
      import('../fleet/fits.ts'),
      import('../fleet/open.ts'),
      import('../fleet/not-in-force.ts'),
    ])
    const roster = await readRoster(context)
    checkFits(context, roster, options)
    const line = notInForceLine(context, roster)
    if (line !== undefined) context.note(line)
    await noteLogins(context)
    const [{ noteAdditions }, { readDefinition }] = await Promise.all([import('../fleet/additions-to-come.ts'), import('../fleet/open.ts')])
    noteAdditions(context, (await readDefinition(context)).agents)
    return false
  }
  const plan = planFleet(context, options)
  // What the fleet cannot do without is asked for before anything is made.
  const [{ requireLogin, requireRuntime }, { Tmux }] = await Promise.all([
    import('../fleet/runtimes-found.ts'),
    import('@mosaic/host/tmux/tmux'),
  ])
  await requireRuntime(context, plan.runtime)
  requireLogin(context, plan.runtime)
  await new Tmux({ socketName: undefined, env: context.world.env }).version()
  const { noteAdditions } = await import('../fleet/additions-to-come.ts')
  noteAdditions(context, [{ runtime: plan.runtime, env: {} }])
  await writeFleet(context, plan, false)
  return true
}

/** What is known of those that do not answer beyond the table: why they could not be started, and where to look. */
function unwellWords(context: Context, { outcomes, unwell }: BroughtUp, timeoutMs: number): string[] {
  const hopeless = unwell.every(({ supervisor }) => supervisor.state === 'failed')
  const limit = hopeless ? '' : ` within ${inWords(timeoutMs)}`
  const failed = outcomes.filter(({ did }) => did === 'failed').map(({ name, detail }) => `  ${name}: ${detail ?? 'failed'}`)
  const [first] = unwell
  return [
    context.style.red(displaySafe(`Not healthy${limit}: ${some(unwell.map(({ name }) => name))}`)),
    ...failed.map(displaySafe),
    `See: mosaic agent ${first?.pane === 'none' ? 'status' : 'tail'} ${first?.name}`,
  ]
}

/** Healthy, and of no use yet: the table says why, and this what to do. */
function unableWords(context: Context, { snapshot }: BroughtUp): string[] {
  const names = snapshot.agents.filter((agent) => unableBecause(agent) !== undefined).map(({ name }) => name)
  if (names.length === 0) return []
  return [
    context.style.yellow(displaySafe(`But ${some(names)} ${names.length === 1 ? 'takes' : 'take'} no message yet, as said above.`)),
    `  mend: mosaic agent attach ${names[0]}, and do what it says; then mosaic fleet restart`,
    '        or set a key in this shell, then mosaic fleet stop && mosaic fleet up',
  ]
}

function wordsBelow(context: Context, brought: BroughtUp, created: boolean, tookMs: number, timeoutMs: number): string[] {
  const { outcomes, unwell, snapshot } = brought
  const lines: string[] = []
  if (unwell.length > 0) {
    lines.push(...unwellWords(context, brought, timeoutMs))
  } else if (outcomes.every(({ did }) => did === 'unchanged')) lines.push('The fleet is up already; nothing was changed.')
  else
    lines.push(
      `The fleet is up: ${outcomes.length === 1 ? 'its agent' : `all ${outcomes.length} agents`} answered after ${inWords(tookMs)}.`,
    )
  lines.push(...unableWords(context, brought))
  if (created && snapshot.agents.every(({ runtime }) => runtime === 'stub')) {
    lines.push(
      'It runs the built-in stub runtime, which takes messages but uses no model. For a real one, e.g. pi:',
      '  mosaic fleet stop && mosaic fleet init --runtime pi --write --force && mosaic fleet up',
    )
  }
  return lines
}

async function run(context: Context, { options }: Input<Options>): Promise<number> {
  const timeoutMs = numberOption('--timeout', options.timeout, { min: 1, max: 3600 }) * 1000
  const created = await ensureRoster(context, options)
  if (created) context.note(`Wrote a first roster: ${context.paths.roster}`)
  const { bringUp } = await import('../fleet/bring-up.ts')
  const beganMs = performance.now()
  const brought = await bringUp(context, timeoutMs)
  const { outcomes, snapshot, unwell } = brought
  const healthy = unwell.length === 0
  const changed = created || outcomes.some(({ did }) => did !== 'unchanged')
  const { style, width } = context
  const below = wordsBelow(context, brought, created, performance.now() - beganMs, timeoutMs)
  context.answer(
    { did: changed ? 'started' : 'unchanged', healthy, roster: { path: context.paths.roster, created }, agents: outcomes, fleet: snapshot },
    `${[...psLines(snapshot, { style, width, complete: context.complete }), '', ...below].join('\n')}\n`,
  )
  return healthy ? EXIT.done : EXIT.notDone
}

export const verb = defineVerb<Options>({
  declare: (command: Command) => {
    command
      .description(
        'Brings a fleet up: writes a first roster when there is none, starts the host service and every agent, waits until all answer, and shows ' +
          'them. A second run changes nothing. With a roster that is there, --profile and --runtime only check that it fits.',
      )
      .option('-p, --profile <profile>', 'the type of a first fleet, e.g. coding; default general')
      .addOption(runtimeOption('what the agents of a first fleet run; default stub, which needs no account'))
      .option('--timeout <seconds>', 'how long agents may take to answer', String(TIMEOUT_S))
  },
  examples: [
    { command: 'mosaic fleet up', does: 'two agents, healthy, on any machine' },
    { command: 'mosaic fleet up --profile coding --runtime pi', does: 'a first coding fleet on pi' },
  ],
  changes: true,
  run,
})
