/** A supervised fleet in a temporary home, for the suite over supervisors. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RestartPolicy } from '@mosaic/domain/lifecycle'
import { allHealthy, CORE, type Fleet, FleetHome, type Listening, listenTo, type RosterEntry } from './fleet-home.ts'

export interface SupervisedFleet extends AsyncDisposable {
  /** Of the supervisor that is there now. */
  readonly fleet: Fleet
  /** The supervisor ends and leaves the agents alone; another one takes over after `meanwhile`. */
  replace(meanwhile?: () => Promise<void>): Promise<void>
}

export type Supervise = (home: FleetHome, policy: Partial<RestartPolicy>) => Promise<SupervisedFleet>

export interface Scene {
  home: FleetHome
  supervised: SupervisedFleet
  /** Of the first supervisor. */
  fleet: Fleet
  heard: Listening
}

export interface SceneOptions {
  agents?: (home: FleetHome) => readonly RosterEntry[]
  policy?: Partial<RestartPolicy>
  /** Started and healthy before the test begins. Absent: all. */
  start?: readonly string[]
}

/** Makes a test of what happens in a fleet that runs. */
export type SupervisorScenes = (act: (scene: Scene) => Promise<void>, options?: SceneOptions) => () => Promise<void>

export const supervisedBy =
  (supervise: Supervise): SupervisorScenes =>
  (act, options = {}) =>
  async () => {
    await using home = new FleetHome()
    home.writeRoster(options.agents?.(home) ?? CORE)
    // However long a slow machine takes from death to death, they are counted together.
    await using supervised = await supervise(home, { windowMs: 3_600_000, ...options.policy })
    const { fleet } = supervised
    await using heard = listenTo(fleet)
    await fleet.start(options.start)
    await allHealthy(fleet, options.start)
    await act({ home, supervised, fleet, heard })
  }

/** A delay that no test outlives. */
export const NEVER_MS = 3_600_000
export const only = (entry: RosterEntry) => [CORE[0] as RosterEntry, entry]

export const sessionsOf = async (home: FleetHome): Promise<string[]> =>
  (await home.tmux('list-sessions', '-F', '#{session_name}')).trim().split('\n')
export const lives = (heard: Listening, name: string): unknown[] =>
  heard.events.filter(({ kind, agent }) => kind === 'life' && agent === name).map(({ detail }) => detail['to'])
export const launches = (heard: Listening, name: string): number =>
  heard.events.filter(({ kind, agent }) => kind === 'launched' && agent === name).length

/** Keeps ending with status 3 until the file is there. */
export function faulty(home: FleetHome): RosterEntry & { mend(): void } {
  const file = join(home.root, 'mended')
  return {
    name: 'coder0',
    command: ['sh', '-c', 'test -e "$1" || { echo this cannot work; exit 3; }; exec cat', 'sh', file],
    mend: () => writeFileSync(file, ''),
  }
}
