/** `mosaic agent list` */

import { CLASS_SUMMARY } from '@mosaic/domain/role'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { type DefinitionRecord, rosterAnswer } from '../definition/definition-record.ts'
import { EXIT } from '../exit-codes.ts'
import { definitionInForce, FIRST_AGENT } from '../fleet/open.ts'
import type { Style } from '../output/style.ts'
import { type Column, tableLines } from '../output/table.ts'
import { defineVerb } from '../verb.ts'

const columnsOf = (style: Style): Column<DefinitionRecord>[] => [
  { title: 'NAME', cell: ({ name }) => name, rank: 0, max: 32, min: 8, paint: (text) => style.bold(text) },
  { title: 'ALIAS', cell: ({ alias }) => alias ?? '', rank: 2, sparse: true, max: 20 },
  { title: 'ADDRESS', cell: ({ address }) => address, rank: 1, max: 50 },
  { title: 'CLASS', cell: (agent) => agent.class, rank: 3, max: 18 },
  { title: 'FOR', cell: (agent) => CLASS_SUMMARY[agent.class as keyof typeof CLASS_SUMMARY], rank: 4, min: 20 },
]

async function run(context: Context): Promise<number> {
  const answer = rosterAnswer(await definitionInForce(context), context.paths.roster)
  if (answer.agents.length === 0) context.note(`The roster names no agents: ${FIRST_AGENT}`)
  const { style, width } = context
  context.answer(answer, `${tableLines(columnsOf(style), answer.agents, { style, width }).join('\n')}\n`)
  return EXIT.done
}

export const verb = defineVerb({
  declare: (command: Command) => {
    command.description('Lists the agents with their addresses and what they are for.')
  },
  examples: [
    { command: 'mosaic agent list', does: 'who is in the fleet' },
    { command: "mosaic agent list --json | jq -r '.agents[].name'", does: 'their names, for a script' },
  ],
  run,
})
