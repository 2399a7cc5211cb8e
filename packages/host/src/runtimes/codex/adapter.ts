/** Codex (https://developers.openai.com/codex): an app-server per agent, with codex's own screen on it. */

import { basename } from 'node:path'
import type { RuntimeAdapter } from '@mosaic/domain/ports/runtime'
import { CODEX_PACKAGE, locateCodex } from './codex-program.ts'
import { launch } from './launch.ts'
import { CodexSession } from './session.ts'

/** @param path where `codex` is looked for, as in PATH */
export const codexAdapter = (path: string): RuntimeAdapter => ({
  id: 'codex',
  acceptanceSignal: 'codex:conversation',
  heartbeat: 'probed',
  dropsDuplicates: true,
  locate: (agent) => locateCodex({ command: agent.command, path }),
  launch,
  connect: (context) => new CodexSession(context),
  recognises: (argv) =>
    argv.includes('app-server') && argv.slice(0, 3).some((word) => basename(word) === 'codex' || word.includes(`/${CODEX_PACKAGE}/`)),
})
