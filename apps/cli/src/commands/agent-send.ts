/** `mosaic agent send` */

import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { numberOption } from '../options.ts'
import { defineVerb, type Input } from '../verb.ts'

interface Options {
  message?: string
  file?: string
  verify?: boolean
  verifyTimeout?: string
  sourceLabel?: string
  urgent?: boolean
  id?: string
}

/** Milliseconds. */
const MAX_VERIFY_TIMEOUT = 3_600_000

async function run(context: Context, { args, options }: Input<Options>): Promise<number> {
  const [name = '', operand] = args
  const { DEFAULT_VERIFY_TIMEOUT_MS, isMessageId, messageId, messageText } = await import('@mosaic/domain/message-text')
  const timeoutMs = numberOption('--verify-timeout', options.verifyTimeout ?? String(DEFAULT_VERIFY_TIMEOUT_MS), {
    min: 1,
    max: MAX_VERIFY_TIMEOUT,
    whole: true,
  })
  if (options.id !== undefined && !isMessageId(options.id)) {
    const { FleetError } = await import('@mosaic/domain/error')
    throw new FleetError('invalid', `--id ${JSON.stringify(options.id)} is not a message id`, {
      mend: 'give the id of an earlier send, 26 letters and digits, or leave it out',
      reason: 'usage',
    })
  }
  const [{ readContent }, { deliver }, { storedText, verifiedText }, { randomBytes }] = await Promise.all([
    import('../message/content.ts'),
    import('../message/deliver.ts'),
    import('../message/receipt-text.ts'),
    import('node:crypto'),
  ])
  const content = await readContent(context.world, options, operand)
  // What can never be delivered is refused before anything else is looked at.
  messageText(content)
  const id = options.id ?? messageId(Date.now(), randomBytes(10))
  const verify = options.verify === true
  const outgoing = { id, to: name, content, label: options.sourceLabel, urgent: options.urgent === true }
  const { receipt, stored, serviceRuns } = await deliver(context, outgoing, verify ? timeoutMs : undefined)
  if (verify) {
    context.answer(receipt, `${verifiedText(receipt, context.style, stored)}\n`)
    return receipt.state === 'accepted' ? EXIT.done : EXIT.notDone
  }
  const later = serviceRuns ? '' : '  the fleet does not run; it will be delivered when it does: mosaic fleet start\n'
  context.answer(receipt, `${storedText(receipt, context.style)}\n${later}`)
  return EXIT.done
}

export const verb = defineVerb<Options>({
  declare: (command: Command) => {
    command
      .description(
        'Sends a message to an agent. It is stored durably and delivered in order; control characters in it are made visible. ' +
          'Accepted means that the runtime itself said so. With --verify it waits for that and exits 0 only then; otherwise it exits 1 ' +
          'with the reason, and the message is not delivered after its time. A host service that was killed is brought back for it.',
      )
      .argument('<name>', 'the agent')
      .argument('[-]', 'text from stdin, as when neither --message nor --file is given')
      .option('-m, --message <text>', 'the text')
      .option('-f, --file <file>', 'the text from a file; - for stdin')
      .option('--verify', 'wait until the agent accepted it; exit 1 when it did not')
      .option('--verify-timeout <ms>', 'with --verify: how long, in milliseconds (default: 10000)')
      .option('--source-label <label>', 'the name that stands for the sender, e.g. of a script')
      .option('--urgent', 'steer a turn that is under way, where the runtime can')
      .option('--id <id>', 'id of an earlier send that must not be delivered twice')
  },
  examples: [
    { command: 'mosaic agent send coder0 --message "run the tests" --verify', does: 'a message and the proof that it was accepted' },
    { command: 'git diff | mosaic agent send code-reviewer0', does: 'text from stdin; at most 64 KiB' },
    { command: 'mosaic agent send coder0 --file brief.md --verify --json', does: 'a file, and the receipt as JSON' },
  ],
  changes: true,
  run,
})
