/** One launch of one agent: everything on disk that a runtime needs before its session is made, and what is swept after it. */

import { mkdirSync, rmSync, statSync } from 'node:fs'
import type { AgentDefinition, FleetDefinition } from '@mosaic/domain/agent'
import { commsBlock } from '@mosaic/domain/comms-block'
import { type LaunchedAs, launchedAs } from '@mosaic/domain/drift'
import { encodeEnvFile } from '@mosaic/domain/env-file'
import { FleetError } from '@mosaic/domain/error'
import type { LaunchContext, RuntimeAdapter, RuntimePlaces } from '@mosaic/domain/ports/runtime'
import type { SessionSpec } from '@mosaic/domain/ports/session-host'
import { atomicWrite } from '../../files/atomic-write.ts'
import { makeDirectories } from '../../files/tenant-directories.ts'
import { agentEnvironment } from '../../launch/agent-environment.ts'
import { makeFifo } from '../../launch/death-watch.ts'
import { LAUNCH_VARIABLE } from '../../launch/launch-line.ts'
import type { MosaicPaths } from '../../paths.ts'
import { programPath } from '../../programs.ts'

/** Every agent's terminal, whoever looks at it. */
export const PANE_WIDTH = 200
export const PANE_HEIGHT = 50

export interface LaunchRequest {
  fleet: FleetDefinition
  agent: AgentDefinition
  adapter: RuntimeAdapter
  paths: MosaicPaths
  launchId: string
  /** The mark that stands on the session. */
  mark: string
  resume: boolean
  launcherEnv: Readonly<Record<string, string | undefined>>
}

export function runtimePlaces(paths: MosaicPaths, name: string): RuntimePlaces {
  return {
    contractFile: paths.contractOf(name),
    heartbeatFile: paths.heartbeatOf(name),
    journalFile: paths.journalOf(name),
    linkSocket: paths.linkOf(name),
    stateDirectory: paths.stateOf(name),
  }
}

/**
 * Writes what the runtime will read and returns how its session is made.
 * @throws FleetError `missing` when the runtime is not installed, `invalid` when its directory does not exist, `refused`
 *   when the run directory or that of the sockets is in other hands
 */
export async function prepareLaunch(
  request: LaunchRequest,
): Promise<{ spec: SessionSpec; launchedAs: LaunchedAs; context: LaunchContext }> {
  const { agent, adapter, paths } = request
  if (statSync(agent.workingDirectory, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new FleetError('invalid', `the working directory of ${agent.name} does not exist: ${agent.workingDirectory}`, {
      reason: 'cwd',
      mend: `mkdir -p it, or: mosaic fleet edit ${agent.name} --cwd DIR`,
    })
  }
  const { launchId, resume } = request
  const context: LaunchContext = { ...runtimePlaces(paths, agent.name), agent, launchId, resume, program: await adapter.locate(agent) }
  const recipe = adapter.launch(context)
  makeDirectories(paths)
  mkdirSync(context.stateDirectory, { recursive: true, mode: 0o700 })
  // An earlier incarnation's answers and sockets must not speak for this one.
  rmSync(context.heartbeatFile, { force: true })
  rmSync(context.linkSocket, { force: true })
  makeFifo(paths.aliveOf(agent.name))
  atomicWrite(context.contractFile, commsBlock(request.fleet, agent), { durable: false })
  const environment = agentEnvironment({ ...request, recipe, launcher: request.launcherEnv })
  const line = JSON.stringify({ argv: recipe.argv, cwd: agent.workingDirectory })
  atomicWrite(paths.envOf(agent.name), encodeEnvFile({ ...environment, [LAUNCH_VARIABLE]: line }), { durable: false })
  return {
    context,
    launchedAs: launchedAs(agent),
    spec: {
      session: agent.name,
      argv: [process.execPath, '--disable-warning=ExperimentalWarning', programPath('launch'), paths.envOf(agent.name)],
      cwd: agent.workingDirectory,
      width: PANE_WIDTH,
      height: PANE_HEIGHT,
      mark: request.mark,
    },
  }
}

/** Files that live as long as the incarnation, and what a killed runtime may have left beside them. */
export function removeRunFiles(paths: MosaicPaths, name: string): void {
  const files = [
    paths.heartbeatOf(name),
    `${paths.heartbeatOf(name)}.tmp`,
    paths.journalOf(name),
    `${paths.journalOf(name)}.1`,
    paths.linkOf(name),
    paths.aliveOf(name),
    paths.contractOf(name),
    paths.envOf(name),
  ]
  for (const file of files) rmSync(file, { force: true })
}
