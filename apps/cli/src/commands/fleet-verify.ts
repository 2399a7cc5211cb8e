/** `mosaic fleet verify` */

import { accessSync, constants, existsSync } from 'node:fs'
import { join } from 'node:path'
import { displaySafe } from '@mosaic/domain/display'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { FIRST_AGENT, onlyNamed, snapshotOf } from '../fleet/open.ts'
import { type AgentVerdict, VERIFY_CHECKS, type VerifyCheck, verifyFleet } from '../fleet/verify.ts'
import type { Style } from '../output/style.ts'
import { type Column, tableLines } from '../output/table.ts'
import { defineVerb, type Input } from '../verb.ts'

/** Why a message could not be stored, or `undefined`. */
function receiptsProblem(spool: string): string | undefined {
  const database = join(spool, 'spool.db')
  try {
    accessSync(spool, constants.R_OK | constants.W_OK | constants.X_OK)
    if (existsSync(database)) accessSync(database, constants.R_OK | constants.W_OK)
    return undefined
  } catch (error) {
    return `the spool cannot be written: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}`
  }
}

const checkOf = (verdict: AgentVerdict, check: VerifyCheck) => verdict.checks.find((one) => one.check === check)

const columnsOf = (style: Style): Column<AgentVerdict>[] => [
  { title: 'NAME', cell: ({ name }) => name, rank: 0, max: 32, min: 8, paint: (text) => style.bold(text) },
  ...VERIFY_CHECKS.map(
    (check): Column<AgentVerdict> => ({
      title: check.toUpperCase(),
      cell: (verdict) => (checkOf(verdict, check)?.ok === true ? 'ok' : 'no'),
      rank: 0,
      paint: (text, verdict) => (checkOf(verdict, check)?.ok === true ? style.green(text) : style.red(text)),
    }),
  ),
  {
    title: 'WHY',
    cell: ({ checks }) =>
      checks
        .filter(({ ok }) => !ok)
        .map(({ detail }) => detail)
        .filter((detail, index, all) => all.indexOf(detail) === index)
        .join('; '),
    rank: 0,
    sparse: true,
    min: 12,
    wraps: true,
  },
]

function verdictLine(style: Style, found: { ok: boolean; short: number; total: number; faulty: boolean }): string {
  const { ok, short, total, faulty } = found
  if (ok) return style.green(`all ${total} agents verified`)
  if (short === 0 && faulty) return style.red('all agents answer by the last good roster; the one on disk is faulty')
  return style.red(`${short} of ${total} agents ${short === 1 ? 'falls' : 'fall'} short`)
}

async function run(context: Context, { args }: Input<object>): Promise<number> {
  const snapshot = onlyNamed(await snapshotOf(context), args)
  const agents = verifyFleet(snapshot, receiptsProblem(context.paths.spool))
  const short = agents.filter(({ ok }) => !ok).length
  const ok = short === 0 && agents.length > 0 && snapshot.roster_problem === null
  const { style, width } = context
  const faults = snapshot.roster_problem?.split('\n') ?? []
  const problem = faults.map((fault, index) => style.red(`${index === 0 ? 'roster: ' : '        '}${displaySafe(fault)}`))
  const none = agents.length === 0 ? style.red(`the roster names no agents: ${FIRST_AGENT}`) : undefined
  const last = none ?? verdictLine(style, { ok, short, total: agents.length, faulty: faults.length > 0 })
  context.answer(
    { ok, roster_problem: snapshot.roster_problem, agents },
    `${[...tableLines(columnsOf(style), agents, { style, width }), '', ...problem, last].join('\n')}\n`,
  )
  return ok ? EXIT.done : EXIT.notDone
}

export const verb = defineVerb({
  declare: (command: Command) => {
    command
      .description(
        'Checks every agent of the roster: a session, a process in it, a heartbeat that the runtime answered, and receipts: that they can be ' +
          'written, and that the runtime takes messages as far as it says so. Exits 1 when one falls short.',
      )
      .argument('[names...]', 'only these agents; default all')
  },
  examples: [
    { command: 'mosaic fleet verify', does: 'all agents; the exit status is the verdict' },
    { command: 'mosaic fleet verify --json', does: 'what was found of each check' },
  ],
  run,
})
