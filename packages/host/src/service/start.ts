/** Starting the host service when it does not run. */

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { FleetError } from '@mosaic/domain/error'
import { openLogFile, rotateLogFile } from '../files/log-file.ts'
import { readBounded } from '../files/read-bounded.ts'
import { makeDirectories } from '../files/tenant-directories.ts'
import { type MosaicPaths, placesOf } from '../paths.ts'
import { programPath } from '../programs.ts'
import { Tmux } from '../tmux/tmux.ts'
import { connectService, type ServiceClient } from './client.ts'

const START_TIMEOUT_MS = 20_000
/** The service's log is moved away above this size, by whoever starts it and by the service itself. */
export const MAX_LOG_BYTES = 4 * 1024 * 1024
/** A log of more was not written by a service, which moves it away long before. */
const MAX_READ_BYTES = 2 * MAX_LOG_BYTES

export const serviceLogFile = (paths: MosaicPaths): string => join(paths.log, 'mosaicd.log')

/** Identity of an agent: a service started from within a pane must not be taken for a part of that agent. */
const AGENT_VARIABLES =
  /^(MOSAIC_(AGENT|CLASS|HEARTBEAT_FILE|JOURNAL|LINK|ALIVE|STATE_DIR|CONTRACT|RESUME|LAUNCH_ID|LAUNCH|MODEL)|TMUX|TMUX_PANE)$/

export interface StartOptions {
  env: Readonly<Record<string, string | undefined>>
  /** Said once when a start takes place. */
  onProgress?: (text: string) => void
  /** Said of what is not as it should be, and kept nobody from starting. */
  onNote?: (text: string) => void
}

/** The log, or why there is none: the service goes on without it. */
function openLog(paths: MosaicPaths): number | FleetError {
  const file = serviceLogFile(paths)
  rotateLogFile(file, MAX_LOG_BYTES)
  try {
    return openLogFile(file)
  } catch (error) {
    if (error instanceof FleetError) return error
    throw error
  }
}

/** What a service works with, absolute: its working directory is another one than that of who starts it. */
export function serviceEnvironment(paths: MosaicPaths, env: StartOptions['env']): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [key, value] of Object.entries(env)) if (value !== undefined && !AGENT_VARIABLES.test(key)) kept[key] = value
  const { TMUX_TMPDIR: tmuxDirectory } = kept
  if (tmuxDirectory !== undefined && tmuxDirectory !== '') kept['TMUX_TMPDIR'] = resolve(tmuxDirectory)
  return { ...kept, ...placesOf(paths) }
}

function spawnService(paths: MosaicPaths, env: StartOptions['env'], log: number | FleetError): ChildProcess {
  const output = typeof log === 'number' ? log : 'ignore'
  try {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', programPath('mosaicd')], {
      cwd: '/',
      detached: true,
      stdio: ['ignore', output, output],
      env: serviceEnvironment(paths, env),
    })
    child.unref()
    return child
  } finally {
    if (typeof log === 'number') closeSync(log)
  }
}

/** The last lines that the service wrote, for the error of a service that does not come up. */
function lastWords(paths: MosaicPaths): string {
  const read = readBounded(serviceLogFile(paths), MAX_READ_BYTES)
  return 'problem' in read ? '' : read.text.trimEnd().split('\n').slice(-3).join('\n')
}

/**
 * A connection to the tenant's host service, which is started when it does not run. Several callers at once end up with
 * the same one.
 * @throws FleetError `not_done` when it does not answer in time, `missing` without tmux
 */
export async function ensureService(paths: MosaicPaths, options: StartOptions): Promise<ServiceClient> {
  const running = await connectService(paths)
  if (running !== undefined) return running
  // A service that does not come up could only say so in its log.
  await new Tmux({ socketName: undefined, env: options.env }).version()
  makeDirectories(paths)
  options.onProgress?.('starting the host service')
  const log = openLog(paths)
  if (log instanceof FleetError) options.onNote?.(`the host service goes on without its log: ${log.message}; mend: ${log.mend}`)
  const child = spawnService(paths, options.env, log)
  let exitCode: number | null | undefined
  child.once('exit', (code) => {
    exitCode = code
  })
  child.once('error', () => {
    exitCode = 1
  })
  for (const end = performance.now() + START_TIMEOUT_MS; performance.now() < end; ) {
    const client = await connectService(paths)
    if (client !== undefined) return client
    // 0: another one runs already and is about to listen.
    if (exitCode !== undefined && exitCode !== 0) break
    await new Promise((resolve) => setTimeout(resolve, 15))
  }
  const how = exitCode === undefined ? ' in time' : ` (exit ${exitCode})`
  throw new FleetError('not_done', `the host service did not start${how}: ${log instanceof FleetError ? log.message : lastWords(paths)}`, {
    where: serviceLogFile(paths),
    reason: 'observer_down',
    mend: (log instanceof FleetError ? log.mend : undefined) ?? 'mosaic fleet doctor',
  })
}
