/** Port and secret of a tenant's endpoint, chosen once and kept: what agents were given stays true over restarts. */

import { randomBytes, randomInt } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { FleetError } from '@mosaic/domain/error'
import { atomicWrite } from '../files/atomic-write.ts'
import { readBounded } from '../files/read-bounded.ts'

export const LOOPBACK = '127.0.0.1'
const MAX_FILE_BYTES = 4096
const SECRET_BYTES = 32
/** Below the ports that kernels give to outgoing connections: one of those could hold ours while the service is away. */
const [FIRST_PORT, PAST_LAST_PORT] = [20_000, 32_000]
const TRIES = 64

export interface EndpointIdentity {
  port: number
  secret: Buffer
}

function parse(text: string): EndpointIdentity | undefined {
  try {
    const { port, secret } = JSON.parse(text) as { port?: unknown; secret?: unknown }
    if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535 || typeof secret !== 'string') return undefined
    const bytes = Buffer.from(secret, 'base64url')
    return bytes.length >= SECRET_BYTES ? { port, secret: bytes } : undefined
  } catch {
    return undefined
  }
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const probe = createServer()
  probe.once('error', () => resolve(false))
  probe.listen({ host: LOOPBACK, port, exclusive: true }, () => probe.close(() => resolve(true)))
  return promise
}

async function freePort(): Promise<number> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const port = randomInt(FIRST_PORT, PAST_LAST_PORT)
    if (await isFree(port)) return port
  }
  throw new FleetError('not_done', `no free port between ${FIRST_PORT} and ${PAST_LAST_PORT - 1} for the agents' endpoint`, {
    reason: 'system',
    mend: 'end what holds them: ss -ltnp',
  })
}

/**
 * What an earlier service chose, else a new choice, written down (mode 0600) before anyone is told.
 * @throws FleetError `refused` when something else than such a file stands there, `not_done` when no port is free
 */
export async function endpointIdentity(file: string): Promise<EndpointIdentity> {
  const read = readBounded(file, MAX_FILE_BYTES)
  const known = 'text' in read ? parse(read.text) : undefined
  if (known !== undefined) return known
  if ('problem' in read && read.problem !== 'absent')
    throw new FleetError('refused', `${file} cannot be used: ${read.problem}`, { where: file, reason: 'system', mend: `remove ${file}` })
  const identity = { port: await freePort(), secret: randomBytes(SECRET_BYTES) }
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  atomicWrite(file, `${JSON.stringify({ port: identity.port, secret: identity.secret.toString('base64url') })}\n`)
  return identity
}
