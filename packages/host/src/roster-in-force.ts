/**
 * The roster that is in force: the one on disk, or the last good one while that is faulty or would take a fleet that lives to
 * another tmux socket. Only the service writes the last good one down, so it names the socket that is in use.
 */

import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { FleetDefinition, MachineDefaults } from '@mosaic/domain/agent'
import { FleetError } from '@mosaic/domain/error'
import { type Roster, RosterSchema } from '@mosaic/domain/roster'
import { accountRule, defineWithAccounts } from './accounts/fleet-accounts.ts'
import { atomicWrite } from './files/atomic-write.ts'
import { readBounded } from './files/read-bounded.ts'
import { makeRoom } from './files/remove.ts'
import type { MosaicPaths } from './paths.ts'
import { loadRoster, rosterError } from './roster-file/read-roster.ts'

const MAX_KEPT_BYTES = 16 * 1024 * 1024

const lastGoodFile = (paths: MosaicPaths): string => join(paths.run, 'roster.last-good.json')

type Place = Pick<FleetDefinition, 'socketName' | 'holderSession'>

/** Whether something of the fleet lives there. */
export type LivesAt = (place: Place) => Promise<boolean>

export interface RosterInForce {
  fleet: FleetDefinition
  /** Why the file on disk is not the one in force. */
  problem: string | null
}

function read(paths: MosaicPaths): { roster: Roster } | { error: FleetError } {
  try {
    const reading = loadRoster(paths.roster, accountRule(paths))
    return reading.ok ? { roster: reading.roster } : { error: rosterError(reading.faults) }
  } catch (error) {
    if (error instanceof FleetError) return { error }
    throw error
  }
}

function keepAsLastGood(paths: MosaicPaths, roster: Roster): void {
  if (!existsSync(paths.run)) return
  try {
    makeRoom(lastGoodFile(paths))
    atomicWrite(lastGoodFile(paths), JSON.stringify(roster), { durable: false })
  } catch {
    // A full disk takes the fallback away, not the roster.
  }
}

function lastGood(paths: MosaicPaths): Roster | undefined {
  const kept = readBounded(lastGoodFile(paths), MAX_KEPT_BYTES)
  if ('problem' in kept) return undefined
  try {
    return RosterSchema.safeParse(JSON.parse(kept.text)).data
  } catch {
    return undefined
  }
}

const holderWords = ({ socketName, holderSession }: Place): string =>
  `${socketName === undefined ? "tmux's default socket" : `tmux socket ${socketName}`}, holder ${holderSession}`

/** Sessions cannot be moved to another server: two fleets would be the outcome. */
function movedError(before: Place, after: Place): FleetError | undefined {
  if (after.socketName === before.socketName && after.holderSession === before.holderSession) return undefined
  return new FleetError(
    'refused',
    `the fleet lives on ${holderWords(before)}, and the roster now names ${holderWords(after)}: stop the fleet first, then change it`,
    { reason: 'socket-changed', mend: 'mosaic fleet stop, then mosaic fleet up; or put the roster back as it was' },
  )
}

interface Found extends RosterInForce {
  /** To be the last good one, once it is in force. */
  roster: Roster
}

async function find(paths: MosaicPaths, machine: MachineDefaults, livesAt: LivesAt): Promise<Found> {
  const found = read(paths)
  const kept = lastGood(paths)
  if ('error' in found) {
    if (kept === undefined) throw found.error
    return { roster: kept, fleet: defineWithAccounts(kept, machine, paths), problem: found.error.message }
  }
  const next = { roster: found.roster, fleet: defineWithAccounts(found.roster, machine, paths), problem: null }
  if (kept === undefined) return next
  const before = defineWithAccounts(kept, machine, paths)
  const moved = movedError(before, next.fleet)
  return moved !== undefined && (await livesAt(before)) ? { roster: kept, fleet: before, problem: moved.message } : next
}

/**
 * What a service that starts now would go by. Writes nothing.
 * @throws FleetError of the roster when it is faulty and there is no good one
 */
export async function rosterInForce(paths: MosaicPaths, machine: MachineDefaults, livesAt: LivesAt): Promise<RosterInForce> {
  const { fleet, problem } = await find(paths, machine, livesAt)
  return { fleet, problem }
}

/** Differs when the file may have another content. */
function stampOf(file: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown'
  }
}

/** Accounts say where an agent's home is, so they are read with the roster. */
const stampOfBoth = ({ roster, accountsFile }: MosaicPaths): string => `${stampOf(roster)} ${stampOf(accountsFile)}`

/** The roster in force while a fleet runs by it. */
export class CurrentRoster {
  readonly #paths: MosaicPaths
  readonly #machine: MachineDefaults
  #inForce: RosterInForce
  #stamp: string

  private constructor(paths: MosaicPaths, machine: MachineDefaults, stamp: string, inForce: RosterInForce) {
    this.#paths = paths
    this.#machine = machine
    this.#stamp = stamp
    this.#inForce = inForce
  }

  /** @throws FleetError of the roster when it is faulty and there is no good one */
  static async open(paths: MosaicPaths, machine: MachineDefaults, livesAt: LivesAt): Promise<CurrentRoster> {
    const stamp = stampOfBoth(paths)
    const { roster, ...inForce } = await find(paths, machine, livesAt)
    if (inForce.problem === null) keepAsLastGood(paths, roster)
    return new CurrentRoster(paths, machine, stamp, inForce)
  }

  get fleet(): FleetDefinition {
    return this.#inForce.fleet
  }

  get problem(): string | null {
    return this.#inForce.problem
  }

  /** Reads the file when it has changed since it was read last; true when it did. Costs one look at its status. */
  readIfChanged(): boolean {
    if (stampOfBoth(this.#paths) === this.#stamp) return false
    try {
      this.read()
    } catch (error) {
      if (!(error instanceof FleetError)) throw error
    }
    return true
  }

  /**
   * Reads the file: a good one is in force from now on, the problem of another one is kept.
   * @throws FleetError `refused` when it changes what a running fleet cannot change; that is its problem then
   */
  read(): void {
    this.#stamp = stampOfBoth(this.#paths)
    const { fleet } = this.#inForce
    const found = read(this.#paths)
    if ('error' in found) {
      this.#inForce = { fleet, problem: found.error.message }
      return
    }
    const next = defineWithAccounts(found.roster, this.#machine, this.#paths)
    const moved = movedError(fleet, next)
    if (moved !== undefined) {
      this.#inForce = { fleet, problem: moved.message }
      throw moved
    }
    keepAsLastGood(this.#paths, found.roster)
    this.#inForce = { fleet: next, problem: null }
  }
}
