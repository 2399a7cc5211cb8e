/** `mosaic agent show` */

import type { AgentRecord } from '@mosaic/domain/agent-record'
import { displaySafe } from '@mosaic/domain/display'
import type { Receipt } from '@mosaic/domain/message'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { type DefinitionRecord, definitionRecord } from '../definition/definition-record.ts'
import { EXIT } from '../exit-codes.ts'
import { agentLines, factLine } from '../fleet/agent-lines.ts'
import { definitionInForce, noAgent, snapshotOf } from '../fleet/open.ts'
import { sessionOf } from '../message/receipt-text.ts'
import { defineVerb, type Input } from '../verb.ts'

const RECEIPTS_SHOWN = 5

interface ShowAnswer {
  definition: DefinitionRecord
  state: AgentRecord | null
  /** Newest first; empty when the host service does not run. */
  receipts: Receipt[]
}

function definitionLines(definition: DefinitionRecord): string[] {
  const facts: [string, string | null][] = [
    ['lifecycle', definition.lifecycle],
    ['effort', definition.effort],
    ['command', definition.command === null ? null : definition.command.join(' ')],
    ['yolo', definition.yolo ? 'yes' : null],
    ['heartbeat', `every ${definition.heartbeat_interval_s} s`],
  ]
  return facts.flatMap(([key, value]) => (value === null ? [] : [factLine(key, displaySafe(value))]))
}

const receiptLine = (receipt: Receipt): string =>
  factLine(
    'message',
    `${receipt.state}${receipt.reason === null ? '' : ` (${receipt.reason})`} from ${displaySafe(sessionOf(receipt.from))} at ${receipt.created_at} #${receipt.id}`,
  )

async function run(context: Context, { args }: Input<object>): Promise<number> {
  const [name = ''] = args
  const fleet = await definitionInForce(context)
  const defined = fleet.agents.find((agent) => agent.name === name)
  if (defined === undefined) throw noAgent(name)
  const { agents } = await snapshotOf(context)
  const client = await context.service()
  const answer: ShowAnswer = {
    definition: definitionRecord(defined),
    // The roster may just have got it, and the running fleet not yet.
    state: agents.find((agent) => agent.name === name) ?? null,
    receipts: client === undefined ? [] : await client.receipts(name, RECEIPTS_SHOWN),
  }
  const head =
    answer.state === null
      ? [context.style.bold(name), factLine('health', 'unknown to the running fleet')]
      : agentLines(answer.state, context.style)
  context.answer(answer, `${[...head, ...definitionLines(answer.definition), ...answer.receipts.map(receiptLine)].join('\n')}\n`)
  return EXIT.done
}

export const verb = defineVerb({
  declare: (command: Command) => {
    command.description('Shows one agent: its state, its definition and its last messages.').argument('<name>', 'the agent')
  },
  examples: [{ command: 'mosaic agent show coder0', does: 'all about coder0' }],
  run,
})
