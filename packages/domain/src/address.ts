/** Who is meant: `tenant@host:session`. Every record and every message carries all three. */

import { FleetError } from './error.ts'

export interface Address {
  tenant_id: string
  host: string
  /** The session's name; for an agent it is the agent's name. */
  session: string
}

/** Longest agent name, so that socket paths and tables stay bounded. */
export const MAX_NAME_LENGTH = 64

const NAME = /^[A-Za-z0-9_-]+$/
/** Matches exactly what `nameProblem` has no objection to: for schemas, which cannot say why. */
export const NAME_PATTERN = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/
export const TENANT_PATTERN = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/
export const HOST_PATTERN = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/

/** Why `name` cannot be an agent's name, or `undefined` when it can. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'a name must not be empty'
  if (name.length > MAX_NAME_LENGTH) return `a name has at most ${MAX_NAME_LENGTH} characters`
  if (/[.:]/.test(name)) return 'a dot or a colon would address another tmux target'
  if (!NAME.test(name)) return 'a name consists of letters, digits, "_" and "-"'
  if (name.startsWith('-')) return 'a leading "-" would be read as an option'
  return undefined
}

/** Throws `invalid` unless `name` is a legal agent name. */
export function assertName(name: string): string {
  const problem = nameProblem(name)
  if (problem !== undefined) {
    throw new FleetError('invalid', `bad agent name ${JSON.stringify(name)}: ${problem}`, {
      mend: 'use letters, digits, "_" and "-", e.g. coder0',
    })
  }
  return name
}

export const isTenantId = (text: string): boolean => TENANT_PATTERN.test(text)
export const isHostName = (text: string): boolean => HOST_PATTERN.test(text)

export function formatAddress(address: Address): string {
  return `${address.tenant_id}@${address.host}:${address.session}`
}

/** Inverse of `formatAddress`; `undefined` when the text is not an address. */
export function parseAddress(text: string): Address | undefined {
  const match = /^([^@\s]+)@([^:\s]+):(\S+)$/.exec(text)
  if (match === null) return undefined
  const [, tenant = '', host = '', session = ''] = match
  if (!isTenantId(tenant) || !isHostName(host) || nameProblem(session) !== undefined) return undefined
  return { tenant_id: tenant, host, session }
}
