/** OpenCode (https://opencode.ai), with the operator's own configuration, reached over the HTTP server in its process. */

import { randomBytes } from 'node:crypto'
import { basename } from 'node:path'
import type {
  ConnectContext,
  LaunchContext,
  LaunchRecipe,
  RuntimeAdapter,
  RuntimeAnswer,
  RuntimeSession,
} from '@mosaic/domain/ports/runtime'
import { CONFIG_VARIABLE, launchConfig, modelOf } from './config.ts'
import { deliverTo } from './deliver.ts'
import { OPENCODE_ENVIRONMENT, OPENCODE_INHERITED, PASSWORD_VARIABLE } from './environment.ts'
import { afterFirstStart, isWaiting } from './first-start.ts'
import { Live } from './live.ts'
import { Observer } from './observer.ts'
import { locateOpenCode } from './opencode-program.ts'
import { resetConversation } from './reset.ts'
import { SessionRecord } from './session-record.ts'

const PASSWORD_BYTES = 24

/** @throws FleetError `invalid` for a model that OpenCode could not take */
function launch(context: LaunchContext): LaunchRecipe {
  const { agent, resume, stateDirectory } = context
  modelOf(agent)
  const record = SessionRecord.in(stateDirectory)
  // Else an OpenCode that dies before its server answered would be followed by one in the old conversation.
  if (!resume) record.leave(Date.now())
  const { current } = record
  return {
    argv: afterFirstStart(context, [
      // Any port: it is read from the process itself, so that no other can be mistaken for it.
      '--port',
      '0',
      '--hostname',
      '127.0.0.1',
      ...(agent.yolo ? ['--auto'] : []),
      ...(current === undefined ? [] : ['--session', current]),
      ...(agent.model === undefined ? [] : ['--model', agent.model]),
    ]),
    env: {
      ...OPENCODE_ENVIRONMENT,
      ...agent.env,
      [CONFIG_VARIABLE]: launchConfig({ ...context, model: agent.model }),
      [PASSWORD_VARIABLE]: randomBytes(PASSWORD_BYTES).toString('base64url'),
    },
    inherit: OPENCODE_INHERITED,
  }
}

/** One call proves that its server works now; what waits for a person it has told by itself. */
async function ask(live: Live, timeoutMs: number): Promise<RuntimeAnswer | undefined> {
  const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), timeoutMs).unref())
  const busy = await Promise.race([live.api.busy(timeoutMs), late])
  if (busy === undefined) return undefined
  const { ready, record, voice } = live
  const { activity, detail } = voice.activityWith(busy)
  const { model, contextUsed } = voice.calls
  return { pid: live.parts.pid, activity, detail, ready, turn: record.turn, model, contextUsed }
}

function connect({ agent, pid, stateDirectory, screen, log }: ConnectContext): RuntimeSession {
  const live = new Live({ agent, pid, stateDirectory, screen, log, nowMs: Date.now })
  return {
    ask: (timeoutMs) => ask(live, timeoutMs),
    deliver: (message, rendered) => live.turns.run(() => deliverTo(live, message, rendered)),
    observe: (sink) => new Observer(live, sink),
    reset: () => live.turns.run(() => resetConversation(live)),
  }
}

/** @param path where `opencode` is looked for, as in PATH */
export const opencodeAdapter = (path: string): RuntimeAdapter => ({
  id: 'opencode',
  acceptanceSignal: 'opencode:message',
  heartbeat: 'probed',
  dropsDuplicates: true,
  locate: (agent) => locateOpenCode(agent.command, path),
  launch,
  connect,
  recognises: (argv) => (isWaiting(argv) ? argv : argv.slice(0, 2)).some((word) => /^opencode(\.exe)?$/.test(basename(word))),
})
