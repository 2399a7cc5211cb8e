/** The roster that is in force: the one on disk, or the last good one while that is faulty. */

import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { defineFleet, type FleetDefinition, type MachineDefaults } from '@mosaic/domain/agent'
import { FleetError } from '@mosaic/domain/error'
import { type Roster, RosterSchema } from '@mosaic/domain/roster'
import { atomicWrite } from './files/atomic-write.ts'
import { readBounded } from './files/read-bounded.ts'
import type { MosaicPaths } from './paths.ts'
import { loadRoster, rosterError } from './roster-file/read-roster.ts'

const MAX_KEPT_BYTES = 16 * 1024 * 1024

const lastGoodFile = (paths: MosaicPaths): string => join(paths.run, 'roster.last-good.json')

export interface RosterInForce {
  fleet: FleetDefinition
  /** Why the file on disk is not the one in force. */
  problem: string | null
}

function read(paths: MosaicPaths): { roster: Roster } | { error: FleetError } {
  try {
    const reading = loadRoster(paths.roster)
    return reading.ok ? { roster: reading.roster } : { error: rosterError(reading.faults) }
  } catch (error) {
    if (error instanceof FleetError) return { error }
    throw error
  }
}

function keepAsLastGood(paths: MosaicPaths, roster: Roster): void {
  if (!existsSync(paths.run)) return
  try {
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

/**
 * Reads the roster; a good one is remembered as the last good.
 * @param current what is in force now, kept when the file is faulty
 * @throws FleetError of the roster when it is faulty and there is no good one
 */
export function rosterInForce(paths: MosaicPaths, machine: MachineDefaults, current?: FleetDefinition): RosterInForce {
  const found = read(paths)
  if ('roster' in found) {
    keepAsLastGood(paths, found.roster)
    return { fleet: defineFleet(found.roster, machine), problem: null }
  }
  const { message } = found.error
  if (current !== undefined) return { fleet: current, problem: message }
  const kept = lastGood(paths)
  if (kept === undefined) throw found.error
  return { fleet: defineFleet(kept, machine), problem: message }
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

function assertSameSocket(before: FleetDefinition, after: FleetDefinition): void {
  if (after.socketName === before.socketName && after.holderSession === before.holderSession) return
  throw new FleetError('refused', 'the tmux socket or holder session of a running fleet cannot change', {
    mend: 'mosaic fleet stop, change the roster, mosaic fleet up',
  })
}

/** The roster in force while a fleet runs by it. */
export class CurrentRoster {
  readonly #paths: MosaicPaths
  readonly #machine: MachineDefaults
  #inForce: RosterInForce
  #stamp: string

  /** @throws FleetError of the roster when it is faulty and there is no good one */
  constructor(paths: MosaicPaths, machine: MachineDefaults) {
    this.#paths = paths
    this.#machine = machine
    this.#stamp = stampOf(paths.roster)
    this.#inForce = rosterInForce(paths, machine)
  }

  get fleet(): FleetDefinition {
    return this.#inForce.fleet
  }

  get problem(): string | null {
    return this.#inForce.problem
  }

  /** Reads the file when it has changed since it was read last; true when it did. Costs one look at its status. */
  readIfChanged(): boolean {
    if (stampOf(this.#paths.roster) === this.#stamp) return false
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
    this.#stamp = stampOf(this.#paths.roster)
    const { fleet } = this.#inForce
    const next = rosterInForce(this.#paths, this.#machine, fleet)
    try {
      assertSameSocket(fleet, next.fleet)
      this.#inForce = next
    } catch (error) {
      this.#inForce = { fleet, problem: (error as FleetError).message }
      throw error
    }
  }
}
