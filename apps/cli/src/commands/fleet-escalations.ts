/** `mosaic fleet escalations` */

import { FleetError } from '@mosaic/domain/error'
import type { Escalation } from '@mosaic/domain/report'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { requireRoster } from '../fleet/open.ts'
import type { Style } from '../output/style.ts'
import { defineVerb, type Input } from '../verb.ts'
import { indented } from './agent-reports.ts'

interface Options {
  ack?: string
  all?: boolean
}

async function find(context: Context, { ack, all = false }: Options): Promise<Escalation[]> {
  const client = await context.service()
  if (client !== undefined) return ack === undefined ? client.escalations({ all }) : [await client.acknowledge(ack.toLowerCase())]
  requireRoster(context)
  if (ack !== undefined)
    throw new FleetError('not_done', `${JSON.stringify(ack.slice(0, 40))} was not acknowledged: the host service does not run`, {
      reason: 'not-running',
      mend: 'mosaic fleet start',
    })
  const { escalationsOnDisk } = await import('@mosaic/host/agent-tools/report-store')
  return escalationsOnDisk(context.paths, { all })
}

function escalationText(escalation: Escalation, style: Style): string {
  const { id, at, agent, trigger, text, acknowledged_at, acknowledged_by } = escalation
  const told = escalation.message_id === null ? '' : ', the orchestrator was told'
  const state = acknowledged_at === null ? style.yellow(`open${told}`) : `acknowledged ${acknowledged_at} by ${acknowledged_by}`
  return `${style.dim(at)} ${style.bold(agent)} ${style.red(trigger)} ${id} (${state})\n  ${indented(text)}`
}

async function run(context: Context, { options }: Input<Options>): Promise<number> {
  const escalations = await find(context, options)
  const none = options.all === true ? 'No escalations.' : 'No open escalations.'
  const text = escalations.length === 0 ? none : escalations.map((one) => escalationText(one, context.style)).join('\n')
  context.answer({ escalations }, `${text}\n`)
  return EXIT.done
}

export const verb = defineVerb<Options>({
  declare: (command: Command) => {
    command
      .description(
        'Shows the calls of agents for the operator (the tool fleet_escalate), newest first. Each stays open, here and below "fleet ps", until it ' +
          'is acknowledged; that answers nothing: tell the agent with "agent send". Audited.',
      )
      .option('--ack <id>', 'acknowledge this one')
      .option('--all', 'those that are acknowledged as well')
  },
  examples: [
    { command: 'mosaic fleet escalations', does: 'what agents want to have decided' },
    { command: 'mosaic fleet escalations --ack 01k9zt4v6n3q8r5w2x7y1abcde', does: 'one of them was seen' },
  ],
  run,
})
