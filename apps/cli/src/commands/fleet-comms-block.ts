/** `mosaic fleet comms-block` */

import { displaySafeText } from '@mosaic/domain/display'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { noAgent, readDefinition } from '../fleet/open.ts'
import { defineVerb, type Input } from '../verb.ts'

async function blockOf(context: Context, name: string): Promise<string> {
  const client = await context.service()
  if (client !== undefined) return client.commsBlock(name)
  const fleet = await readDefinition(context)
  const agent = fleet.agents.find((one) => one.name === name)
  if (agent === undefined) throw noAgent(name)
  const { commsBlock } = await import('@mosaic/domain/comms-block')
  return commsBlock(fleet, agent)
}

async function run(context: Context, { args }: Input<object>): Promise<number> {
  const [name = ''] = args
  const text = await blockOf(context, name)
  context.answer({ name, text }, displaySafeText(text), { verbatim: true })
  return EXIT.done
}

export const verb = defineVerb({
  declare: (command: Command) => {
    command
      .description('Prints what an agent is told about itself and its peers: who it is, who they are, how to reach them.')
      .argument('<name>', 'the agent')
  },
  examples: [{ command: 'mosaic fleet comms-block coder0', does: 'what coder0 knows of its fleet' }],
  run,
})
