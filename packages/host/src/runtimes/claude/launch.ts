/** How Claude Code is started: everything that is the fleet's stands on its command line or in its environment. */

import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentDefinition } from '@mosaic/domain/agent'
import type { LaunchContext, LaunchRecipe } from '@mosaic/domain/ports/runtime'
import {
  claudeHome,
  defaultModeOf,
  type Environment,
  ensureOnboarded,
  isConversation,
  missesOnboarding,
  noteHome,
  transcriptOf,
} from './claude-home.ts'
import { CLAUDE_ENVIRONMENT, CLAUDE_INHERITED, STATUS_LINE_VARIABLE, YOLO_AS_ROOT } from './environment.ts'
import { noteSession, readSessions } from './session-record.ts'
import { mcpJson, settingsJson } from './settings.ts'
import { STATUS_LINE_FILE } from './status-line.ts'

function effortFlags({ effort }: AgentDefinition): string[] {
  if (effort === undefined) return []
  return ['--effort', effort === 'minimal' ? 'low' : effort]
}

/** The conversation to go on with; where nothing of one that was said is on the disk, a new one begins. */
function sessionFlags({ resume, stateDirectory }: LaunchContext, directory: string): string[] {
  const sessions = resume ? readSessions(stateDirectory) : undefined
  const last = sessions?.directory === directory ? sessions.ids.at(-1) : undefined
  const transcript = last === undefined ? undefined : transcriptOf(directory, last)
  if (last !== undefined && transcript !== undefined && isConversation(transcript)) return ['--resume', last]
  const id = randomUUID()
  noteSession(stateDirectory, { id, directory })
  return ['--session-id', id]
}

/** @param env the launcher's */
export function launch(context: LaunchContext, env: Environment): LaunchRecipe {
  const { agent, program, contractFile, endpoint, stateDirectory } = context
  const home = claudeHome(agent, env)
  if (missesOnboarding(home)) noteHome(stateDirectory, home)
  ensureOnboarded(home)
  const statusLineFile = join(stateDirectory, STATUS_LINE_FILE)
  rmSync(statusLineFile, { force: true })
  const isRoot = process.getuid?.() === 0
  return {
    argv: [
      ...program.argv,
      '--settings',
      settingsJson({ endpoint, yolo: agent.yolo, defaultMode: defaultModeOf(home) }),
      '--mcp-config',
      mcpJson(endpoint),
      // With its `=`, because this option would take the next ones for its own.
      '--allowed-tools=mcp__fleet',
      '--append-system-prompt-file',
      contractFile,
      // A contract that changed is in force with the next launch, also in a conversation that goes on.
      '--system-prompt-snapshot',
      'off',
      ...sessionFlags(context, home.directory),
      ...(agent.yolo ? ['--dangerously-skip-permissions'] : []),
      ...(agent.model === undefined ? [] : ['--model', agent.model]),
      ...effortFlags(agent),
    ],
    env: { ...CLAUDE_ENVIRONMENT, ...(agent.yolo && isRoot ? YOLO_AS_ROOT : {}), ...agent.env, [STATUS_LINE_VARIABLE]: statusLineFile },
    inherit: CLAUDE_INHERITED,
  }
}
