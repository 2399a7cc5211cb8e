/** `mosaic agent reports` */

import { displaySafeText } from '@mosaic/domain/display'
import type { Report } from '@mosaic/domain/report'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { definitionInForce, noAgent, requireRoster } from '../fleet/open.ts'
import { numberOption } from '../options.ts'
import type { Style } from '../output/style.ts'
import { defineVerb, type Input } from '../verb.ts'

interface Options {
  limit?: string
}

const MAX_SHOWN = 1_000

async function read(context: Context, agent: string | undefined, limit: number): Promise<Report[]> {
  const client = await context.service()
  if (client !== undefined) return client.reports({ agent, limit })
  requireRoster(context)
  const { reportsOnDisk } = await import('@mosaic/host/agent-tools/report-store')
  return reportsOnDisk(context.paths, agent, limit)
}

/** What an agent said stays after it was removed. @throws FleetError `not_found` for a name of which nothing is known */
async function find(context: Context, agent: string | undefined, limit: number): Promise<Report[]> {
  const reports = await read(context, agent, limit)
  if (agent === undefined || reports.length > 0) return reports
  if (!(await definitionInForce(context)).agents.some(({ name }) => name === agent)) throw noAgent(agent)
  return []
}

/** Untrusted text as the lines of a block that belongs to the line before. */
export const indented = (text: string): string => displaySafeText(text).split('\n').join('\n  ')

function reportText({ at, agent, kind, task, percent, text }: Report, style: Style): string {
  const painted = kind === 'blockage' ? style.red(kind) : kind === 'result' ? style.green(kind) : kind
  const done = percent === null ? '' : ` ${percent} %`
  const about = task === null ? '' : ` of ${indented(task)}`
  return `${style.dim(at)} ${style.bold(agent)} ${painted}${done}${about}\n  ${indented(text)}`
}

async function run(context: Context, { args, options }: Input<Options>): Promise<number> {
  const limit = numberOption('--limit', options.limit ?? '20', { min: 1, max: MAX_SHOWN, whole: true })
  const reports = await find(context, args[0], limit)
  const text = reports.length === 0 ? 'No reports.' : reports.map((report) => reportText(report, context.style)).join('\n')
  context.answer({ reports }, `${text}\n`)
  return EXIT.done
}

export const verb = defineVerb<Options>({
  declare: (command: Command) => {
    command
      .description('Shows what agents reported of their work with the tool fleet_report, newest first: progress, results, blockages.')
      .argument('[name]', 'only this agent; default all')
      .option('--limit <count>', 'how many (default: 20)')
  },
  examples: [
    { command: 'mosaic agent reports', does: 'the last reports of all agents' },
    { command: "mosaic agent reports coder0 --json | jq -r '.reports[0].text'", does: 'what coder0 said last' },
  ],
  run,
})
