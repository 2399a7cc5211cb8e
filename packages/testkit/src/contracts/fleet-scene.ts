/** A fleet in a temporary home, for the suite over fleets. */

import { allHealthy, CORE, type Fleet, FleetHome, type RosterEntry } from './fleet-home.ts'

export interface OpenFleet extends AsyncDisposable {
  fleet: Fleet
}

/** @returns the fleet that the roster in this home defines; nothing runs yet */
export type Open = (home: FleetHome) => Promise<OpenFleet>

type Act = (fleet: Fleet, home: FleetHome) => Promise<void>
type MakeTest = (act: Act, agents?: readonly RosterEntry[]) => () => Promise<void>

export interface FleetScenes {
  /** Nothing runs yet. */
  defined: MakeTest
  /** All are started and healthy. */
  running: MakeTest
}

export function scenesOf(open: Open): FleetScenes {
  const defined: MakeTest =
    (act, agents = CORE) =>
    async () => {
      await using home = new FleetHome()
      home.writeRoster(agents)
      await using opened = await open(home)
      await act(opened.fleet, home)
    }
  const running: MakeTest = (act, agents) =>
    defined(async (fleet, home) => {
      await fleet.start()
      await allHealthy(fleet)
      await act(fleet, home)
    }, agents)
  return { defined, running }
}

/** Every record tells its tenant and host, whatever it is of. */
export const PLACED = { tenant_id: 'tenant-x', host: 'host-y' }
