/**
 * Tokens and session ids of the endpoint: both carry what they are for and a MAC over it, so that a service that was
 * restarted knows them again without having kept any.
 */

import { createHmac, timingSafeEqual } from 'node:crypto'
import { nameProblem } from '@mosaic/domain/address'
import type { ToolCaller } from './tools.ts'

const MAX_TOKEN_LENGTH = 1024
const MAX_SESSION_LENGTH = 256
const LAUNCH_ID = /^[A-Za-z0-9_.-]{1,128}$/
const SESSION = /^([0-9a-f]{11})\.([0-9a-f]{16})\.([A-Za-z0-9_-]{43})$/

const encode = (text: string): string => Buffer.from(text, 'utf8').toString('base64url')
const decode = (text: string): string => Buffer.from(text, 'base64url').toString('utf8')

/** Equal in the same time, wherever they differ. */
function same(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}

export class Credentials {
  readonly #secret: Buffer

  /** @param secret at least 32 random bytes */
  constructor(secret: Buffer) {
    this.#secret = secret
  }

  #mac(kind: 'token' | 'session', parts: readonly string[]): string {
    return createHmac('sha256', this.#secret)
      .update(JSON.stringify([kind, ...parts]))
      .digest('base64url')
  }

  /** The bearer token of one launch of one agent. */
  token({ name, launchId }: ToolCaller): string {
    return `mosaic.${encode(name)}.${encode(launchId)}.${this.#mac('token', [name, launchId])}`
  }

  /** Whose token it is; `undefined` for anything that was not issued here. */
  caller(token: string): ToolCaller | undefined {
    if (token.length > MAX_TOKEN_LENGTH) return undefined
    const [scheme, name64, launch64, mac, ...rest] = token.split('.')
    if (scheme !== 'mosaic' || name64 === undefined || launch64 === undefined || mac === undefined || rest.length > 0) return undefined
    const [name, launchId] = [decode(name64), decode(launch64)]
    if (!same(mac, this.#mac('token', [name, launchId]))) return undefined
    return nameProblem(name) === undefined && LAUNCH_ID.test(launchId) ? { name, launchId } : undefined
  }

  /** A session of an MCP client; ids that were issued earlier sort first. */
  session({ name, launchId }: ToolCaller, atMs: number, random: Buffer): string {
    const head = [atMs.toString(16).padStart(11, '0'), random.toString('hex')]
    return `${head.join('.')}.${this.#mac('session', [name, launchId, ...head])}`
  }

  /** True for a session that this launch was given, by this process or an earlier one. */
  isSession({ name, launchId }: ToolCaller, id: string): boolean {
    if (id.length > MAX_SESSION_LENGTH) return false
    const [, at, random, mac] = SESSION.exec(id) ?? []
    if (at === undefined || random === undefined || mac === undefined) return false
    return same(mac, this.#mac('session', [name, launchId, at, random]))
  }
}
