/** Claude Code (https://claude.com/claude-code), with the operator's own configuration, typed into and heard over its hooks. */

import { basename } from 'node:path'
import type { RuntimeAdapter } from '@mosaic/domain/ports/runtime'
import { claudeHome, type Environment } from './claude-home.ts'
import { CLAUDE_PACKAGE, locateClaude } from './claude-program.ts'
import { launch } from './launch.ts'
import { ClaudeSession } from './session.ts'

/**
 * @param path where `claude` is looked for, as in PATH
 * @param env the launcher's, which says where the operator's own home is
 */
export const claudeAdapter = (path: string, env: Environment = process.env): RuntimeAdapter => ({
  id: 'claude',
  acceptanceSignal: 'claude:UserPromptSubmit',
  heartbeat: 'probed',
  dropsDuplicates: true,
  locate: (agent) => locateClaude({ command: agent.command, path }),
  launch: (context) => launch(context, env),
  connect: (context) => new ClaudeSession(context, claudeHome(context.agent, env).directory),
  recognises: (argv) => argv.slice(0, 3).some((word) => basename(word) === 'claude' || word.includes(`/${CLAUDE_PACKAGE}/`)),
})
