/** `mosaic fleet status` */

import type { AgentRecord } from '@mosaic/domain/agent-record'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { onlyNamed, snapshotOf } from '../fleet/open.ts'
import { footerLines, paintHealth } from '../fleet/ps-table.ts'
import type { Style } from '../output/style.ts'
import { type Column, tableLines } from '../output/table.ts'
import { wrap } from '../output/width.ts'
import { defineVerb, type Input } from '../verb.ts'

const columnsOf = (style: Style): Column<AgentRecord>[] => [
  { title: 'NAME', cell: ({ name }) => name, rank: 0, max: 32, min: 8, paint: (text) => style.bold(text) },
  { title: 'WANTED', cell: ({ supervisor }) => (supervisor.wanted ? 'up' : 'down'), rank: 1 },
  { title: 'STATE', cell: ({ supervisor }) => supervisor.state, rank: 0 },
  { title: 'HEALTH', cell: ({ health }) => health, rank: 0, paint: (text, { health }) => paintHealth(style, text, health) },
  { title: 'PANE', cell: ({ pane }) => pane, rank: 2 },
  { title: 'PID', cell: ({ pid }) => (pid === null ? '' : String(pid)), rank: 1, align: 'right' },
  { title: 'RESTARTS', cell: ({ supervisor }) => String(supervisor.restarts), rank: 3, align: 'right' },
  {
    title: 'ENABLED',
    cell: ({ supervisor }) => (supervisor.enabled === null ? '' : supervisor.enabled ? 'yes' : 'no'),
    rank: 5,
    sparse: true,
  },
  { title: 'LAST EXIT', cell: ({ supervisor }) => supervisor.last_exit ?? '', rank: 4, sparse: true, max: 40 },
]

async function run(context: Context, { args }: Input<object>): Promise<number> {
  const snapshot = onlyNamed(await snapshotOf(context), args)
  const client = await context.service()
  const status = client === undefined ? undefined : await client.status()
  const { style, width } = context
  const service =
    status === undefined ? null : { pid: status.pid, version: status.version, started_at: status.startedAt, socket: status.socket }
  const fitted = (text: string) => (width === undefined ? [text] : wrap(text, width))
  const head =
    service === null
      ? fitted('host service: not running (mosaic fleet start)').map((text) => style.yellow(text))
      : fitted(`host service: running, process ${service.pid}, version ${service.version}, since ${service.started_at}`).map((text) =>
          text.replace('running', style.green('running')),
        )
  const table = tableLines(columnsOf(style), snapshot.agents, { style, width })
  const footer = footerLines(snapshot)
    .map(context.complete)
    .flatMap((text) => fitted(text).map((part) => style.yellow(part)))
  const { tenant_id, host, supervisor, paused, agents } = snapshot
  context.answer(
    { tenant_id, host, supervisor, paused, service, agents },
    `${[...head, `supervisor:   ${supervisor}`, '', ...table, ...(footer.length === 0 ? [] : ['', ...footer])].join('\n')}\n`,
  )
  return EXIT.done
}

export const verb = defineVerb({
  declare: (command: Command) => {
    command
      .description(
        'Shows what the supervisor wants and what it has: the host service, and of each agent its state, restarts and last exit. ' +
          'Exits 0 when it could tell; "mosaic fleet verify" exits by what it finds.',
      )
      .argument('[names...]', 'only these agents; default all')
  },
  examples: [
    { command: 'mosaic fleet status', does: 'the host service and every agent' },
    { command: 'mosaic fleet status coder0 --json', does: 'one agent, for a script' },
  ],
  run,
})
