/** Starting the host service when it does not run. */

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, constants, existsSync, openSync, readFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { FleetError } from '@mosaic/domain/error'
import { makeDirectories } from '../files/tenant-directories.ts'
import type { MosaicPaths } from '../paths.ts'
import { programPath } from '../programs.ts'
import { Tmux } from '../tmux/tmux.ts'
import { connectService, type ServiceClient } from './client.ts'

const START_TIMEOUT_MS = 20_000
/** The service's log is moved away above this size, by whoever starts it and by the service itself. */
export const MAX_LOG_BYTES = 4 * 1024 * 1024

export const serviceLogFile = (paths: MosaicPaths): string => join(paths.log, 'mosaicd.log')

/** Identity of an agent: a service started from within a pane must not be taken for a part of that agent. */
const AGENT_VARIABLES =
  /^(MOSAIC_(AGENT|CLASS|HEARTBEAT_FILE|JOURNAL|LINK|ALIVE|STATE_DIR|CONTRACT|RESUME|LAUNCH_ID|LAUNCH|MODEL)|TMUX|TMUX_PANE)$/

export interface StartOptions {
  env: Readonly<Record<string, string | undefined>>
  /** Said once when a start takes place. */
  onProgress?: (text: string) => void
}

function openLog(paths: MosaicPaths): number {
  const file = serviceLogFile(paths)
  if (existsSync(file) && statSync(file).size > MAX_LOG_BYTES) renameSync(file, `${file}.1`)
  return openSync(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
}

function spawnService(paths: MosaicPaths, env: StartOptions['env']): ChildProcess {
  const kept = Object.entries(env).filter(([key, value]) => value !== undefined && !AGENT_VARIABLES.test(key))
  const log = openLog(paths)
  try {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', programPath('mosaicd')], {
      cwd: '/',
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...(Object.fromEntries(kept) as Record<string, string>), MOSAIC_HOME: paths.home, MOSAIC_ROSTER: paths.roster },
    })
    child.unref()
    return child
  } finally {
    closeSync(log)
  }
}

/** The last lines that the service wrote, for the error of a service that does not come up. */
function lastWords(paths: MosaicPaths): string {
  try {
    return readFileSync(serviceLogFile(paths), 'utf8').trimEnd().split('\n').slice(-3).join('\n')
  } catch {
    return ''
  }
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
  const child = spawnService(paths, options.env)
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
  throw new FleetError(
    'not_done',
    `the host service did not start${exitCode === undefined ? ' in time' : ` (exit ${exitCode})`}: ${lastWords(paths)}`,
    {
      where: serviceLogFile(paths),
      reason: 'observer_down',
      mend: 'mosaic fleet doctor',
    },
  )
}
