/** Where a tenant's files are. The one function that readers and writers share; nothing else reads these variables. */

import { homedir, hostname, userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { assertName } from '@mosaic/domain/address'
import type { MachineDefaults } from '@mosaic/domain/agent'
import { FleetError } from '@mosaic/domain/error'
import { MAX_HEARTBEAT_INTERVAL_S, MIN_HEARTBEAT_INTERVAL_S } from '@mosaic/domain/heartbeat'

/** Longest path of a unix socket that Linux and macOS both take, in bytes. */
const MAX_SOCKET_PATH_BYTES = 100

const LINK_SUFFIX = '.link'
/** A longer name of an agent is shortened in the name of its socket. */
const MAX_LINK_NAME = 20

export interface MosaicPaths {
  /** `MOSAIC_HOME`, absolute. */
  home: string
  fleet: string
  roster: string
  /** Which accounts there are, and where. */
  accountsFile: string
  /** Configuration homes of accounts that were added without a directory. */
  accounts: string
  /** Generated environment files, one per agent. */
  agents: string
  /** Heartbeats, journals, the pause switch: what lives as long as the fleet runs. */
  run: string
  pausedFile: string
  spool: string
  /** What agents reported and escalated. */
  reportsFile: string
  auditFile: string
  /** Port and secret of the endpoint that agents call. */
  endpointFile: string
  log: string
  /** What agents keep over restarts: conversations. */
  state: string
  /** Unix sockets; `run` unless its path is too long for one. */
  sockets: string
  serviceSocket: string
  serviceLock: string
  rosterLock: string
  heartbeatOf(name: string): string
  journalOf(name: string): string
  linkOf(name: string): string
  aliveOf(name: string): string
  contractOf(name: string): string
  envOf(name: string): string
  stateOf(name: string): string
}

export interface PathOptions {
  env: Readonly<Record<string, string | undefined>>
  /** `--mosaic-home` */
  home?: string | undefined
  /** `--roster` */
  roster?: string | undefined
}

const filled = (text: string | undefined): string | undefined => (text === undefined || text === '' ? undefined : text)

/** Absolute. A control character would bend every terminal, log and tmux mark that the path gets into. */
function place(path: string): string {
  if (!/[\u0000-\u001f\u007f-\u009f]/.test(path)) return resolve(path)
  throw new FleetError('invalid', `a control character in the path ${JSON.stringify(path)}`, { mend: 'choose another directory' })
}

/** `node:crypto` is loaded here and not at the top: every start of the command line would pay for it, and hardly any needs it. */
const digestOf = (text: string, characters: number): string =>
  process.getBuiltinModule('node:crypto').createHash('sha256').update(text).digest('hex').slice(0, characters)

/** Below the run directory, so that everything is in one place, unless a socket's path would be too long there. */
function socketDirectory(home: string, run: string): string {
  if (Buffer.byteLength(run) + 1 + MAX_LINK_NAME + LINK_SUFFIX.length <= MAX_SOCKET_PATH_BYTES) return run
  return join('/tmp', `mosaic-${process.getuid?.() ?? 0}-${digestOf(home, 12)}`)
}

/** Name of an agent's socket: its own, or a digest of a long one, which no agent can be called since `.` is in no name. */
function linkName(name: string): string {
  assertName(name)
  return `${name.length <= MAX_LINK_NAME ? name : `.${digestOf(name, MAX_LINK_NAME - 1)}`}${LINK_SUFFIX}`
}

/** Every path of one tenant. Makes no file. @throws FleetError `invalid` for a path with control characters */
export function resolvePaths(options: PathOptions): MosaicPaths {
  const home = place(filled(options.home) ?? filled(options.env['MOSAIC_HOME']) ?? join(homedir(), '.config', 'mosaic'))
  const fleet = join(home, 'fleet')
  const run = place(filled(options.env['MOSAIC_HEARTBEAT_RUN_DIR']) ?? join(fleet, 'run'))
  const sockets = socketDirectory(home, run)
  const named = (directory: string, suffix: string) => (name: string) => join(directory, `${assertName(name)}${suffix}`)
  return {
    home,
    fleet,
    roster: place(filled(options.roster) ?? filled(options.env['MOSAIC_ROSTER']) ?? join(fleet, 'roster.yaml')),
    accountsFile: join(fleet, 'accounts.yaml'),
    accounts: join(home, 'accounts'),
    agents: join(fleet, 'agents'),
    run,
    pausedFile: join(run, 'PAUSED'),
    spool: join(fleet, 'spool'),
    reportsFile: join(fleet, 'reports.db'),
    auditFile: join(fleet, 'audit.jsonl'),
    endpointFile: join(fleet, 'endpoint.json'),
    log: join(fleet, 'log'),
    state: join(fleet, 'state'),
    sockets,
    serviceSocket: join(sockets, 'mosaicd.sock'),
    serviceLock: join(fleet, '.mosaicd.lock'),
    rosterLock: join(fleet, '.roster.lock'),
    heartbeatOf: named(run, '.hb'),
    journalOf: named(run, '.signals.jsonl'),
    linkOf: (name) => join(sockets, linkName(name)),
    aliveOf: named(run, '.alive'),
    contractOf: named(run, '.contract.md'),
    envOf: named(join(fleet, 'agents'), '.env'),
    stateOf: named(join(fleet, 'state'), ''),
  }
}

/** The variables that name a tenant's places, absolute: whoever is given them finds the same, wherever it runs. */
export const placesOf = ({ home, roster, run }: MosaicPaths) => ({
  MOSAIC_HOME: home,
  MOSAIC_ROSTER: roster,
  MOSAIC_HEARTBEAT_RUN_DIR: run,
})

/** `MOSAIC_HEARTBEAT_INTERVAL` in milliseconds. @throws FleetError `invalid` when it is out of bounds, or no number */
export function heartbeatIntervalMs(env: Readonly<Record<string, string | undefined>>): number | undefined {
  const text = filled(env['MOSAIC_HEARTBEAT_INTERVAL'])
  if (text === undefined) return undefined
  const seconds = Number(text)
  if (seconds >= MIN_HEARTBEAT_INTERVAL_S && seconds <= MAX_HEARTBEAT_INTERVAL_S) return seconds * 1000
  throw new FleetError('invalid', `MOSAIC_HEARTBEAT_INTERVAL is ${JSON.stringify(text)}`, {
    mend: `give seconds, ${MIN_HEARTBEAT_INTERVAL_S} to ${MAX_HEARTBEAT_INTERVAL_S}, e.g. MOSAIC_HEARTBEAT_INTERVAL=15`,
  })
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A user id without an entry in the user database, as containers have it.
    return `uid-${process.getuid?.() ?? 0}`
  }
}

/** What the roster leaves to this machine. */
export function machineDefaults(env: Readonly<Record<string, string | undefined>>): MachineDefaults {
  const trimmed = (text: string, fallback: string) => text.replace(/^[-.]+|[-.]+$/g, '') || fallback
  return {
    tenantId: trimmed(userName().replace(/[^A-Za-z0-9_.-]/g, '-'), 'tenant'),
    // No underscore: kernels take it in a name, addresses do not.
    host: trimmed((hostname().split('.')[0] ?? '').replace(/[^A-Za-z0-9-]/g, '-'), 'localhost'),
    homeDirectory: filled(env['HOME']) ?? homedir(),
    heartbeatIntervalMs: heartbeatIntervalMs(env),
  }
}
