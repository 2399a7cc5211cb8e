/** `fleet ps` without the host service: a read-only look at this machine. Nobody judged answers, and it says so. */

import type { FleetDefinition, MachineDefaults } from '@mosaic/domain/agent'
import type { FleetSnapshot } from '@mosaic/domain/agent-record'

import { accountRule, defineWithAccounts } from './accounts/fleet-accounts.ts'
import { escalationsOnDisk } from './agent-tools/report-store.ts'
import { fleetLivesAt } from './fleet-lives-at.ts'

import { type Observation, readHeartbeat } from './heartbeat/observer.ts'
import { queuedOnDisk } from './mailbox/queued.ts'
import type { MosaicPaths } from './paths.ts'
import { machineDefaults } from './paths.ts'
import { loadRoster, rosterError } from './roster-file/read-roster.ts'
import { rosterInForce } from './roster-in-force.ts'
import { RuntimeSessions } from './runtime-sessions.ts'
import { adapterOf, runtimeAdapters } from './runtimes/registry.ts'
import { joinSnapshot, type SupervisedAs } from './snapshot.ts'
import { readRecord, type SupervisorRecord } from './supervisor/embedded/record.ts'
import { Tmux } from './tmux/tmux.ts'
import { TmuxSessionHost } from './tmux/tmux-session-host.ts'

/** The fleet as the roster on disk defines it. @throws FleetError of the roster */
export function definedFleet(paths: MosaicPaths, machine: MachineDefaults): FleetDefinition {
  const reading = loadRoster(paths.roster, accountRule(paths))
  if (!reading.ok) throw rosterError(reading.faults)
  return defineWithAccounts(reading.roster, machine, paths)
}

function supervisedFrom(record: SupervisorRecord, name: string): SupervisedAs | undefined {
  const kept = record.agents[name]
  if (kept === undefined) return undefined
  const { wanted, failed, launchId, launchedAs, lastExit, deathsMs } = kept
  const state = failed ? 'failed' : wanted ? 'up' : 'down'
  return { wanted, failed, launchId, launchedAs, lastExit, state, restarts: deathsMs.length, upForMs: Number.POSITIVE_INFINITY }
}

function seen(paths: MosaicPaths, name: string, nowMs: number): Observation {
  const read = readHeartbeat(paths.heartbeatOf(name))
  if (read === undefined) return { beat: undefined, problem: undefined, ageMs: undefined, leadMs: 0 }
  if ('problem' in read) return { beat: undefined, problem: read.problem, ageMs: undefined, leadMs: 0 }
  // For the age column only: with the observer down no health follows from it.
  return { beat: read.beat, problem: undefined, ageMs: Math.max(0, nowMs - read.beat.tsMs), leadMs: read.beat.tsMs - nowMs }
}

/** @throws FleetError of the roster, or `missing` without tmux */
export async function localSnapshot(paths: MosaicPaths, env: Readonly<Record<string, string | undefined>>): Promise<FleetSnapshot> {
  // As the fleet has it that nobody stopped.
  const { fleet, problem } = await rosterInForce(paths, machineDefaults(env), (place) => fleetLivesAt(paths.home, place, env))
  const host = new TmuxSessionHost(new Tmux({ socketName: fleet.socketName, env }), fleet.holderSession)
  const record = readRecord(paths)
  const adapters = runtimeAdapters(env)
  const sessions = new RuntimeSessions(paths, (agent) => adapterOf(agent, adapters))
  const nowMs = Date.now()
  const queued = queuedOnDisk(paths)
  return joinSnapshot({
    paths,
    fleet,
    nowMs,
    observerUp: false,
    observerNote: null,
    rosterProblem: problem,
    escalations: escalationsOnDisk(paths, { all: false }),
    panes: await host.list(),
    supervised: (name) => supervisedFrom(record, name),
    observation: (name) => seen(paths, name, nowMs),
    heard: () => undefined,
    queued: (name) => queued.get(name) ?? 0,
    wedged: () => false,
    recognises: (agent, argv) => sessions.recognises(agent, argv),
  })
}
