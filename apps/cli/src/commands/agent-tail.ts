/** `mosaic agent tail` */

import { Writable } from 'node:stream'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { numberOption } from '../options.ts'
import { defineVerb, type Input } from '../verb.ts'

interface Options {
  lines: string
  follow?: boolean
}

const DEFAULT_LINES = 50
const MAX_LINES = 100_000

/** Where the text goes: stdout itself, or documents with the text in them. */
function destination(context: Context, name: string, follow: boolean): { stdout: Writable; finish(): void } {
  if (!context.json) return { stdout: context.world.stdout as Writable, finish: () => {} }
  let text = ''
  const stdout = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      if (follow) context.emit({ name, text: chunk }, '')
      else text += chunk
      done()
    },
  })
  return { stdout, finish: () => (follow ? undefined : context.answer({ name, text }, '')) }
}

async function run(context: Context, { args, options }: Input<Options>): Promise<number> {
  const [name = ''] = args
  const lines = numberOption('--lines', options.lines, { min: 1, max: MAX_LINES, whole: true })
  const follow = options.follow === true
  const [{ agentSession, inSession }, { tailAgent }] = await Promise.all([
    import('../fleet/agent-session.ts'),
    import('@mosaic/host/observe/tail'),
  ])
  const { tmux } = await agentSession(context, name)
  const { stdout, finish } = destination(context, name, follow)
  const signal = context.takeOverEnding()
  const { detail } = await inSession(name, tailAgent({ tmux, session: name, lines, follow, stdout, signal }))
  finish()
  if (detail !== undefined) context.note(`${name}: ${detail}; this is its last screen`)
  return EXIT.done
}

export const verb = defineVerb<Options>({
  declare: (command: Command) => {
    command
      .description(
        'Prints the text on the screen of an agent, also of a full-screen program; with more lines than the screen has, its scroll-back too.',
      )
      .argument('<name>', 'the agent')
      .option('-n, --lines <count>', 'how many of the last lines', String(DEFAULT_LINES))
      .option('-f, --follow', 'go on with new lines as they come')
  },
  examples: [
    { command: 'mosaic agent tail coder0', does: 'its screen as text' },
    { command: 'mosaic agent tail coder0 -n 500 -f', does: 'much of it, and what comes' },
  ],
  run,
})
