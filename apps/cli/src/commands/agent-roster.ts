/** `mosaic agent roster` */

import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { type DefinitionRecord, rosterAnswer } from '../definition/definition-record.ts'
import { EXIT } from '../exit-codes.ts'
import { definitionInForce, FIRST_AGENT, noAgent } from '../fleet/open.ts'
import type { Style } from '../output/style.ts'
import { type Column, tableLines } from '../output/table.ts'
import { defineVerb, type Input } from '../verb.ts'

const columnsOf = (style: Style): Column<DefinitionRecord>[] => [
  { title: 'NAME', cell: ({ name }) => name, rank: 0, max: 32, min: 8, paint: (text) => style.bold(text) },
  { title: 'ALIAS', cell: ({ alias }) => alias ?? '', rank: 5, sparse: true, max: 20 },
  { title: 'CLASS', cell: (agent) => agent.class, rank: 1, max: 18 },
  { title: 'RUNTIME', cell: ({ runtime }) => runtime, rank: 0 },
  { title: 'MODEL', cell: ({ model }) => model ?? '', rank: 2, sparse: true, max: 28, min: 8 },
  { title: 'EFFORT', cell: ({ effort }) => effort ?? '', rank: 4, sparse: true },
  { title: 'LIFECYCLE', cell: ({ lifecycle }) => lifecycle, rank: 6 },
  { title: 'YOLO', cell: ({ yolo }) => (yolo ? 'yes' : ''), rank: 3, sparse: true },
  { title: 'DIRECTORY', cell: (agent) => agent.working_directory, rank: 2, min: 12 },
  { title: 'COMMAND', cell: ({ command }) => command?.join(' ') ?? '', rank: 7, sparse: true, max: 40 },
]

async function run(context: Context, { args }: Input<object>): Promise<number> {
  const answer = rosterAnswer(await definitionInForce(context), context.paths.roster)
  const agents = args.length === 0 ? answer.agents : args.map((name) => answer.agents.find((agent) => agent.name === name) ?? missing(name))
  if (answer.agents.length === 0) context.note(`The roster names no agents: ${FIRST_AGENT}`)
  const { style, width } = context
  context.answer({ ...answer, agents }, `${tableLines(columnsOf(style), agents, { style, width }).join('\n')}\n`)
  return EXIT.done
}

function missing(name: string): never {
  throw noAgent(name)
}

export const verb = defineVerb({
  declare: (command: Command) => {
    command
      .description('Shows how agents are defined: the roster with every default filled in. What runs is shown by "agent status".')
      .argument('[names...]', 'only these agents; default all')
  },
  examples: [
    { command: 'mosaic agent roster', does: 'all definitions' },
    { command: 'mosaic agent roster coder0 --json', does: 'one of them, for a script' },
  ],
  run,
})
