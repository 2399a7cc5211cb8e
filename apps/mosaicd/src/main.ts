/** The host service: the tenant's one long-lived process. Agents do not notice when it ends; the next one takes over. */

import { existsSync } from 'node:fs'
import { FleetError } from '@mosaic/domain/error'
import { setBrokenAside } from '@mosaic/host/databases'
import { fileError } from '@mosaic/host/files/file-error'
import { FileLock } from '@mosaic/host/files/lock'
import { makeDirectories } from '@mosaic/host/files/tenant-directories'
import { armFault } from '@mosaic/host/mailbox/fault-point'
import { resolvePaths } from '@mosaic/host/paths'
import { assertSocketPlace } from '@mosaic/host/service/socket-place'
import { MAX_LOG_BYTES, serviceLogFile } from '@mosaic/host/service/start'
import { readConfig, type ServiceConfig } from './config.ts'
import { inheritedEnvironment, keepEnvironment, mayRevive, prepareRevivals, REVIVED_VARIABLE } from './revival.ts'
import { leadsTo, ServiceLog } from './service-log.ts'
import { startService } from './wire.ts'

const logFile = serviceLogFile(resolvePaths({ env: process.env }))
/** A service that tmux brought back, or that was started without a log, has nobody who would read what it says elsewhere. */
const isUnheard = process.env[REVIVED_VARIABLE] === '1' || leadsTo(process.stderr.fd, '/dev/null')
const isLogged = isUnheard || leadsTo(process.stderr.fd, logFile)
const serviceLog = new ServiceLog({ file: logFile, fd: isLogged ? undefined : process.stderr.fd, maxBytes: MAX_LOG_BYTES })
const log = (text: string): void => serviceLog.write(text)

/** What a successor needs. When it cannot be written, what a predecessor kept is still there. */
function keep(write: () => void): void {
  try {
    write()
  } catch (error) {
    log(`pid ${process.pid}: the environment was not kept: ${(error as Error).message}`)
  }
}

async function run(config: ServiceConfig): Promise<void> {
  // A home that was removed with its predecessor's lock is not made again by itself.
  if (process.env[REVIVED_VARIABLE] === '1' && !existsSync(config.paths.serviceLock)) return
  makeDirectories(config.paths)
  const lock = FileLock.tryAcquire(config.paths.serviceLock)
  if (lock === undefined) {
    log(`pid ${process.pid}: another host service runs already`)
    return
  }
  // The lock is what makes it the only one.
  serviceLog.rotate()
  if (process.env[REVIVED_VARIABLE] === '1' && !mayRevive(config.paths, Date.now())) {
    log(`pid ${process.pid}: the host service died too often and is not started again by itself`)
    return
  }
  keep(() => {
    keepEnvironment(config.paths, config.env)
    prepareRevivals(config.paths)
  })
  assertSocketPlace(config.paths)
  setBrokenAside(config.paths, Date.now(), log)
  const service = await startService(config, log)
  if (service.inherits.length > 0) keep(() => keepEnvironment(config.paths, config.env, service.inherits))
  log(`pid ${process.pid}: the host service listens at ${config.paths.serviceSocket}`)
  const ended = await Promise.race([
    service.shutDown.then(() => 'the fleet was stopped'),
    service.lost.then((reason) => `${reason}; agents go on`),
    new Promise<string>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(`${signal}; agents go on`))
    }),
  ])
  await service[Symbol.asyncDispose]()
  lock[Symbol.dispose]()
  log(`pid ${process.pid}: the host service ends: ${ended}`)
}

/** What an operator can act on, or for whoever mends this program where it was thrown. */
function inWords(error: unknown): string {
  const known = error instanceof FleetError ? error : fileError(error)
  if (known === undefined) return String((error as Error).stack ?? error)
  const { message, where, mend } = known
  return [where === undefined || message.includes(where) ? message : `${where}: ${message}`, mend].filter(Boolean).join('; mend: ')
}

process.umask(0o077)
// The terminal or tmux server it was started from may go, or the disk behind its log be full; it stays.
process.on('SIGHUP', () => {})
process.stderr.on('error', () => {})
// Crash only: whatever was not foreseen ends the process, and the next one takes over from what is on disk.
process.on('uncaughtException', (error) => {
  log(`pid ${process.pid}: ${error.stack ?? String(error)}`)
  process.exit(70)
})

try {
  const config = readConfig(inheritedEnvironment(resolvePaths({ env: process.env }), process.env))
  armFault(config.fault)
  await run(config)
  process.exit(0)
} catch (error) {
  log(inWords(error))
  process.exit(1)
}
