/**
 * The extension that pi loads: answers for pi on the link, writes its heartbeat and journal, takes messages. Bundled into
 * one file. It never prints, and nothing it does may disturb pi.
 */

import { armFault } from '../../mailbox/fault-point.ts'
import { voicePlaces } from '../fleet-voice.ts'
import { endpointOf, registerFleetTools } from './fleet-tools.ts'
import { PiAgent, RESET_COMMAND } from './pi-agent.ts'
import type { PiApi, PiCommandContext, PiContext, PiEvents } from './pi-api.ts'

/** pi evaluates an extension anew for each session; the agent is one per process. */
const KEY = Symbol.for('mosaic-fleet.pi-agent')
const shared = globalThis as { [KEY]?: PiAgent }

function agentOf(): PiAgent | undefined {
  const places = voicePlaces(process.env)
  if (places === undefined) return undefined
  if (shared[KEY] === undefined) armFault(process.env['MOSAIC_FAULT'])
  shared[KEY] ??= new PiAgent(places)
  return shared[KEY]
}

/** Runs `act` and answers `otherwise` when it fails: pi goes on as if the extension were not there. */
function guarded<T>(agent: PiAgent, otherwise: T, act: () => T): T {
  try {
    return act()
  } catch (error) {
    agent.voice.say({ kind: 'error', reason: 'extension', detail: error instanceof Error ? error.message : 'failed', until: null })
    return otherwise
  }
}

function observe(pi: PiApi, agent: PiAgent): void {
  const on = <K extends keyof PiEvents>(event: K, act: (event: PiEvents[K], ctx: PiContext) => void) =>
    pi.on(event, (value, ctx) => guarded(agent, undefined, () => act(value, ctx)))
  on('session_start', (_event, ctx) => {
    // Print and RPC modes have no pane to be an agent in.
    if (ctx.mode === 'tui') agent.attach(pi, ctx)
  })
  on('session_shutdown', ({ reason }) => agent.detach(reason))
  on('session_before_compact', ({ reason }) => agent.compaction(reason === 'manual'))
  on('session_compact', (event) => agent.compacted(event))
  on('session_compact_failed', () => agent.compaction(false))
  on('agent_start', () => agent.runStarted())
  on('agent_settled', (_event, ctx) => agent.runSettled(ctx))
  on('message_start', ({ message }) => agent.messageStarted(message))
  on('message_end', ({ message }) => agent.messageEnded(message))
  on('ui_prompt_start', (event) => agent.promptOpened(event))
  on('ui_prompt_end', () => agent.promptClosed())
  on('after_provider_response', (event) => agent.responded(event))
  // What cannot be recorded is not taken: `handled` ends it there.
  pi.on('input', (event, ctx) => ({ action: guarded(agent, true, () => agent.input(event, ctx)) ? 'handled' : 'continue' }))
}

export default function mosaicExtension(pi: PiApi): void {
  const agent = agentOf()
  if (agent === undefined) return
  observe(pi, agent)
  guarded(agent, undefined, () => registerFleetTools(pi, endpointOf(process.env), agent.stateDirectory))
  pi.registerCommand(RESET_COMMAND, {
    description: 'Fleet: begin a new conversation',
    handler: async (_args: string, ctx: PiCommandContext) => {
      try {
        const { cancelled } = await ctx.newSession()
        agent.resetEnded(!cancelled)
      } catch {
        agent.resetEnded(false)
      }
    },
  })
}
