/** `mosaic agent receipt` */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { FleetError } from '@mosaic/domain/error'
import type { Receipt } from '@mosaic/domain/message'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { defineVerb, type Input } from '../verb.ts'

const noMessage = (id: string): FleetError =>
  new FleetError('not_found', `no message ${JSON.stringify(id.slice(0, 40))}`, {
    mend: 'give the id that "mosaic agent send" printed behind #',
  })

async function find(context: Context, id: string): Promise<Receipt> {
  const client = await context.service()
  if (client !== undefined) return client.receipt(id)
  // Opening would make an empty one.
  if (!existsSync(join(context.paths.spool, 'spool.db'))) throw noMessage(id)
  const { openSpool } = await import('@mosaic/host/mailbox/spool')
  using spool = openSpool(context.paths)
  const receipt = spool.receipt(id)
  if (receipt === undefined) throw noMessage(id)
  return receipt
}

async function run(context: Context, { args }: Input<object>): Promise<number> {
  const id = (args[0] ?? '').replace(/^#/, '').toLowerCase()
  const receipt = await find(context, id)
  const { receiptLines } = await import('../message/receipt-text.ts')
  context.answer(receipt, `${receiptLines(receipt).join('\n')}\n`)
  return receipt.state === 'accepted' ? EXIT.done : EXIT.notDone
}

export const verb = defineVerb({
  declare: (command: Command) => {
    command
      .description('Shows the proof of what became of a message. Exits 0 when it was accepted, 1 when it was not, or not yet.')
      .argument('<id>', 'the id that the send printed')
  },
  examples: [{ command: 'mosaic agent receipt 01k9zt4v6n3q8r5w2x7y1abcde', does: 'state, reason, signal and times of one message' }],
  run,
})
