/** pi (https://pi.dev), with the operator's own configuration, driven through an extension that is passed per launch. */

import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { AgentDefinition } from '@mosaic/domain/agent'
import { fleetTools } from '@mosaic/domain/fleet-tools'
import type { ConnectContext, LaunchContext, LaunchRecipe, RuntimeAdapter, RuntimeSession } from '@mosaic/domain/ports/runtime'
import { atomicWrite } from '../../files/atomic-write.ts'
import { readBounded } from '../../files/read-bounded.ts'
import { LinkClient } from '../../link/link-client.ts'
import { programPath } from '../../programs.ts'
import { askOver, deliverOver, resetOver } from '../link-session.ts'
import { PI_ENVIRONMENT, PI_INHERITED } from './environment.ts'
import { locatePi, PI_PACKAGE } from './pi-program.ts'
import { parsePiSession, SESSION_FILE } from './session-file.ts'
import { toolsFile } from './tools-file.ts'

/** pi's own levels differ only in that it has more of them. */
const thinkingFlags = ({ effort }: AgentDefinition): string[] => (effort === undefined ? [] : ['--thinking', effort])

/** The conversation to go on with; a session that never had an answer is not on the disk, and pi begins a new one. */
function sessionFlags({ resume, stateDirectory }: LaunchContext): string[] {
  const record = join(stateDirectory, SESSION_FILE)
  if (!resume) {
    // Else a pi that dies before it wrote a new one would be followed by a pi in the old conversation.
    rmSync(record, { force: true })
    return []
  }
  const read = readBounded(record, 4096)
  const session = 'text' in read ? parsePiSession(read.text) : undefined
  const stored = session?.file != null && existsSync(session.file)
  return session !== undefined && stored ? ['--session-id', session.id] : []
}

function launch(context: LaunchContext): LaunchRecipe {
  const { agent, program, contractFile, stateDirectory } = context
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 })
  atomicWrite(toolsFile(stateDirectory), JSON.stringify(fleetTools()), { durable: false })
  return {
    argv: [
      ...program.argv,
      '--extension',
      programPath('pi-extension'),
      '--append-system-prompt',
      contractFile,
      agent.yolo ? '--approve' : '--no-approve',
      ...sessionFlags(context),
      ...(agent.model === undefined ? [] : ['--model', agent.model]),
      ...thinkingFlags(agent),
    ],
    env: { ...PI_ENVIRONMENT, ...agent.env },
    inherit: PI_INHERITED,
  }
}

function connect(context: ConnectContext): RuntimeSession {
  const link = new LinkClient(context.linkSocket)
  return {
    ask: (timeoutMs) => askOver(link, timeoutMs),
    deliver: (message, rendered) => deliverOver(link, message, rendered),
    reset: () => resetOver(link),
  }
}

/** @param path where `pi` is looked for, as in PATH */
export const piAdapter = (path: string): RuntimeAdapter => ({
  id: 'pi',
  acceptanceSignal: 'pi:input',
  heartbeat: 'itself',
  dropsDuplicates: true,
  locate: (agent) => locatePi({ command: agent.command, path, from: import.meta.dirname }),
  launch,
  connect,
  // pi sets its process title, and then that is all there is of its command line.
  recognises: (argv) => argv.slice(0, 3).some((word) => basename(word) === 'pi' || word.includes(`/${PI_PACKAGE}/`)),
})
