/** The host service: the tenant's one long-lived process. Agents do not notice when it ends; the next one takes over. */

import { toErrorRecord } from '@mosaic/domain/error'
import { FileLock } from '@mosaic/host/files/lock'
import { makeDirectories } from '@mosaic/host/files/tenant-directories'
import { armFault } from '@mosaic/host/mailbox/fault-point'
import { resolvePaths } from '@mosaic/host/paths'
import { MAX_LOG_BYTES, serviceLogFile } from '@mosaic/host/service/start'
import { readConfig, type ServiceConfig } from './config.ts'
import { inheritedEnvironment, keepEnvironment, mayRevive, prepareRevivals, REVIVED_VARIABLE } from './revival.ts'
import { leadsTo, ServiceLog } from './service-log.ts'
import { startService } from './wire.ts'

const logFile = serviceLogFile(resolvePaths({ env: process.env }))
/** A service that tmux brought back has nobody who would read what it says elsewhere. */
const isLogged = process.env[REVIVED_VARIABLE] === '1' || leadsTo(process.stderr.fd, logFile)
const serviceLog = new ServiceLog({ file: logFile, fd: isLogged ? undefined : process.stderr.fd, maxBytes: MAX_LOG_BYTES })
const log = (text: string): void => serviceLog.write(text)

async function run(config: ServiceConfig): Promise<void> {
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
  try {
    keepEnvironment(config.paths, config.env)
    prepareRevivals(config.paths)
  } catch (error) {
    // What its predecessor kept is still there.
    log(`pid ${process.pid}: the environment was not kept: ${(error as Error).message}`)
  }
  const service = await startService(config, log)
  log(`pid ${process.pid}: the host service listens at ${config.paths.serviceSocket}`)
  const ended = await Promise.race([
    service.shutDown.then(() => 'the fleet was stopped'),
    new Promise<string>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(`${signal}; agents go on`))
    }),
  ])
  await service[Symbol.asyncDispose]()
  lock[Symbol.dispose]()
  log(`pid ${process.pid}: the host service ends: ${ended}`)
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
  const { code, message, mend } = toErrorRecord(error)
  log(code === 'internal' ? String((error as Error).stack ?? error) : [message, mend].filter(Boolean).join('; mend: '))
  process.exit(1)
}
