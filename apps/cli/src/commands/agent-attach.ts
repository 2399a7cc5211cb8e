/** `mosaic agent attach` */

import { actorAddress, callerSession } from '@mosaic/host/audit/actor'
import type { AttachOptions } from '@mosaic/host/observe/attach'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { defineVerb, type Input } from '../verb.ts'

async function run(context: Context, { args }: Input<object>): Promise<number> {
  const [name = ''] = args
  const [{ agentSession, inSession, notRunning, secondsSince }, { assertTerminal, attachAgent, sessionIdOf }, { openAudit }] =
    await Promise.all([import('../fleet/agent-session.ts'), import('@mosaic/host/observe/attach'), import('@mosaic/host/audit/audit-log')])
  const { fleet, tmux } = await agentSession(context, name)
  const { env, stdin, stdout } = context.world
  const record = (verb: string, detail: Record<string, unknown>) =>
    openAudit(context.paths).record({
      atMs: Date.now(),
      tenant_id: fleet.tenantId,
      host: fleet.host,
      actor: actorAddress(fleet, callerSession(env)),
      verb,
      agent: name,
      ref: null,
      detail,
    })
  const terminal = { stdin: stdin as AttachOptions['stdin'], stdout: stdout as AttachOptions['stdout'] }
  assertTerminal(terminal)
  const before = await sessionIdOf(tmux, name)
  if (before === undefined) throw notRunning(name)
  context.takeOverEnding()
  record('attach', {})
  const beganMs = performance.now()
  const { status } = await inSession(name, attachAgent({ tmux, session: name, ...terminal }))
  const seconds = secondsSince(beganMs)
  // tmux says nothing of it: whoever types on would type into their own shell.
  const gone = (await sessionIdOf(tmux, name)) !== before
  const ended = gone ? 'agent ended' : status === 0 ? 'detached' : `status ${status}`
  record('detach', { seconds, status, ended })
  if (gone) context.note(`${name} ended while you were attached; see: mosaic agent status ${name}`)
  context.answer({ name, ended, seconds }, '')
  return status === 0 && !gone ? EXIT.done : EXIT.notDone
}

export const verb = defineVerb({
  declare: (command: Command) => {
    command
      .description(
        'Makes your terminal that of an agent: the only verb that can type. What you type, the agent gets, until you leave with the keys that the ' +
          'status line shows (Ctrl-b d, unless you changed them). Audited. To look without typing: agent watch.',
      )
      .argument('<name>', 'the agent')
  },
  examples: [{ command: 'mosaic agent attach coder0', does: 'type to it yourself, e.g. to answer its permission dialog' }],
  changes: true,
  run,
})
