/** One launch of one agent: everything on disk that a runtime needs before its session is made, and what is swept after it. */

import { mkdirSync, statSync } from 'node:fs'
import type { AgentDefinition, FleetDefinition } from '@mosaic/domain/agent'
import { commsBlock } from '@mosaic/domain/comms-block'
import { type LaunchedAs, launchedAs } from '@mosaic/domain/drift'
import { encodeEnvFile } from '@mosaic/domain/env-file'
import { FleetError } from '@mosaic/domain/error'
import type { LaunchContext, RuntimeAdapter, RuntimePlaces } from '@mosaic/domain/ports/runtime'
import type { SessionSpec } from '@mosaic/domain/ports/session-host'
import { withItsAccount } from '../../accounts/fleet-accounts.ts'
import { TOKEN_VARIABLE } from '../../agent-endpoint/variables.ts'
import { atomicWrite } from '../../files/atomic-write.ts'
import { fileError } from '../../files/file-error.ts'
import { makeRoom, removeEach } from '../../files/remove.ts'
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
  /** Where this launch reaches its fleet, and by what it is known there. */
  endpoint: { url: string; token: string }
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
 * @throws FleetError `missing` when the runtime is not installed, `invalid` when its directory or its account does not exist, `refused`
 *   when the run directory or that of the sockets is in other hands
 */
export async function prepareLaunch(
  request: LaunchRequest,
): Promise<{ spec: SessionSpec; launchedAs: LaunchedAs; context: LaunchContext }> {
  const { adapter, paths } = request
  const agent = withItsAccount(request.agent, paths, request.launcherEnv)
  if (statSync(agent.workingDirectory, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new FleetError('invalid', `the working directory of ${agent.name} does not exist: ${agent.workingDirectory}`, {
      reason: 'cwd',
      mend: `mkdir -p it, or: mosaic fleet edit ${agent.name} --cwd DIR`,
    })
  }
  const { launchId, resume } = request
  const context: LaunchContext = {
    ...runtimePlaces(paths, agent.name),
    agent,
    launchId,
    resume,
    program: await adapter.locate(agent),
    endpoint: { url: request.endpoint.url, tokenVariable: TOKEN_VARIABLE },
  }
  try {
    // A recipe may be made of the contract's own words.
    writeContract(paths, context, commsBlock(request.fleet, agent))
    const recipe = adapter.launch(context)
    const environment = agentEnvironment({ ...request, agent, recipe, launcher: request.launcherEnv })
    const line = JSON.stringify({ argv: recipe.argv, cwd: agent.workingDirectory })
    const envText = encodeEnvFile({ ...environment, [LAUNCH_VARIABLE]: line })
    writeRunFiles(paths, context, envText)
  } catch (error) {
    const known = fileError(error)
    if (known === undefined) throw error
    const { code } = error as NodeJS.ErrnoException
    throw new FleetError(known.code, `${known.where ?? 'its files'}: ${known.message} (${code})`, { mend: known.mend ?? '', cause: error })
  }
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

function writeContract(paths: MosaicPaths, { contractFile, stateDirectory }: LaunchContext, contract: string): void {
  makeDirectories(paths)
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 })
  makeRoom(contractFile)
  atomicWrite(contractFile, contract, { durable: false })
}

function writeRunFiles(paths: MosaicPaths, context: LaunchContext, envText: string): void {
  const { agent, heartbeatFile, linkSocket, journalFile } = context
  // An earlier incarnation's answers and sockets must not speak for this one.
  removeEach([heartbeatFile, linkSocket])
  for (const file of [`${heartbeatFile}.tmp`, journalFile, `${journalFile}.1`, paths.envOf(agent.name)]) makeRoom(file)
  makeFifo(paths.aliveOf(agent.name))
  atomicWrite(paths.envOf(agent.name), envText, { durable: false })
}

/**
 * Files that live as long as the incarnation, and what a killed runtime may have left beside them: all of them, whatever
 * stands in the place of one.
 * @throws FleetError `not_done` when one could not be removed, after all others were
 */
export function removeRunFiles(paths: MosaicPaths, name: string): void {
  removeEach([
    paths.heartbeatOf(name),
    `${paths.heartbeatOf(name)}.tmp`,
    paths.journalOf(name),
    `${paths.journalOf(name)}.1`,
    paths.linkOf(name),
    paths.aliveOf(name),
    paths.contractOf(name),
    paths.envOf(name),
  ])
}
