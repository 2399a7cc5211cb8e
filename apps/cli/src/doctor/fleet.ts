/** The fleet itself: roster, runtimes, host service, sessions that nobody defined. */

import { existsSync } from 'node:fs'
import { nameProblem } from '@mosaic/domain/address'
import type { FleetDefinition } from '@mosaic/domain/agent'
import type { FleetSnapshot } from '@mosaic/domain/agent-record'
import { FleetError } from '@mosaic/domain/error'
import { FileLock } from '@mosaic/host/files/lock'
import { localSnapshot } from '@mosaic/host/local-view'
import { machineDefaults } from '@mosaic/host/paths'
import { rosterInForce } from '@mosaic/host/roster-in-force'
import { serviceLogFile } from '@mosaic/host/service/start'
import { Tmux } from '@mosaic/host/tmux/tmux'
import type { Context } from '../context.ts'
import { notInForceLine } from '../fleet/not-in-force.ts'
import { readDefinition, readRoster } from '../fleet/open.ts'
import { unableBecause } from '../fleet/unable.ts'
import { VERSION } from '../version.ts'
import { type Check, type Finding, fail, note, ok, warn } from './check.ts'

/** How long tmux or the host service may take to answer, milliseconds. */
const ANSWER_MS = 3_000

export const checkRoster: Check = async ({ context }) => {
  const { roster } = context.paths
  if (!existsSync(roster)) return [note('roster', `none yet at ${roster}`, 'mosaic fleet up')]
  try {
    const asked = notInForceLine(context, await readRoster(context))
    const later = asked === undefined ? [] : [warn('roster', asked, 'take it out, or leave it for a later version; see docs/roster.md')]
    const { agents, socketName } = await readDefinition(context)
    const socket = socketName === undefined ? "tmux's default socket" : `tmux socket ${socketName}`
    const floor = agents.some((agent) => agent.class === 'orchestrator') && agents.some((agent) => agent.class === 'enhancer')
    const found = ok('roster', `${roster}: ${agents.length} agents, ${socket}`)
    return floor
      ? [found, ...later]
      : [found, ...later, note('roster', 'no orchestrator or no enhancer: below the floor of two', 'mosaic fleet add orchestrator')]
  } catch (error) {
    if (error instanceof FleetError) return [fail('roster', error.message, error.mend ?? `correct ${roster}`)]
    throw error
  }
}

export async function definition(context: Context): Promise<FleetDefinition | undefined> {
  try {
    return await readDefinition(context)
  } catch {
    return undefined
  }
}

function serviceDown(context: Context): Finding {
  const { serviceLock, log } = context.paths
  if (!existsSync(serviceLock)) return note('host service', 'not running', 'mosaic fleet start')
  let lock: FileLock | undefined
  try {
    lock = FileLock.tryAcquire(serviceLock)
  } catch (error) {
    if (error instanceof FleetError) return fail('host service', error.message, error.mend ?? `mend ${serviceLock}`)
    throw error
  }
  if (lock === undefined) {
    return fail('host service', 'one runs but does not answer', `look into the log in ${log}; end its process; mosaic fleet start`)
  }
  lock[Symbol.dispose]()
  return note('host service', 'not running', 'mosaic fleet start')
}

/** What comes in time, else `undefined`. An error counts as nothing. */
async function inTime<T>(asked: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ANSWER_MS)
  })
  const answer = await Promise.race([asked.catch(() => undefined), late])
  clearTimeout(timer)
  return answer
}

export const checkService: Check = async ({ context }) => {
  const client = await context.service()
  if (client === undefined) return [serviceDown(context)]
  const status = await inTime(client.status())
  if (status === undefined) {
    const mend = `its process id stands in ${serviceLogFile(context.paths)}: continue it when it is stopped (kill -CONT), else end it (kill -9); agents go on; mosaic fleet start`
    return [fail('host service', `one listens at ${context.paths.serviceSocket}, but did not answer within ${ANSWER_MS / 1000} s`, mend)]
  }
  const { pid, version, socket } = status
  if (version === VERSION) return [ok('host service', `process ${pid}, version ${version}, at ${socket}`)]
  return [
    warn(
      'host service',
      `process ${pid} is version ${version}, this command is ${VERSION}`,
      'agents go on when it is replaced: kill it, then mosaic fleet start',
    ),
  ]
}

/** A roster that is good in itself needs no correction. */
const rosterMend = (problem: string): string =>
  problem.includes('stop the fleet first')
    ? 'mosaic fleet stop, then mosaic fleet up; or put the roster back as it was'
    : 'correct it, then: mosaic fleet restart'

/** A command to copy; never with a name in it that a shell would read otherwise. */
const endingOf = (session: string, tmux: string): string =>
  nameProblem(session) === undefined ? `${tmux} kill-session -t '=${session}'` : `end it with: ${tmux} choose-tree`

/** Where the sessions are, or undefined without a roster. */
async function tmuxInUse(context: Context): Promise<Tmux | undefined> {
  const { env } = context.world
  try {
    const { fleet } = await rosterInForce(context.paths, machineDefaults(env), async () => true)
    return new Tmux({ socketName: fleet.socketName, env, timeoutMs: ANSWER_MS })
  } catch {
    return undefined
  }
}

async function serverFinding(tmux: Tmux): Promise<Finding | undefined> {
  try {
    const { stdout, failure } = await tmux.run([['display-message', '-p', '#{pid}']])
    return failure === undefined ? ok('tmux server', `process ${stdout.trim()} at ${tmux.socketPath}`) : undefined
  } catch (error) {
    if (!(error instanceof FleetError) || error.code === 'missing') return undefined
    if (error.reason !== 'tmux-hung') return fail('tmux server', error.message, error.mend ?? 'tmux kill-server')
    const mend =
      'ps -C "tmux: server" -o pid,stat,args: continue it when it is stopped (kill -CONT), else end it (kill -9); the host service starts it again with every agent'
    return fail(
      'tmux server',
      `the one at ${tmux.socketPath} did not answer within ${ANSWER_MS / 1000} s; its sessions cannot be seen`,
      mend,
    )
  }
}

/** By the host service; by ourselves where that does not answer. */
async function seen(context: Context): Promise<FleetSnapshot> {
  const client = await context.service()
  return (client === undefined ? undefined : await inTime(client.snapshot())) ?? localSnapshot(context.paths, context.world.env)
}

export const checkSessions: Check = async ({ context }) => {
  const tmux = await tmuxInUse(context)
  if (tmux === undefined) return []
  const server = await serverFinding(tmux)
  if (server?.status === 'fail') return [server]
  return [...(server === undefined ? [] : [server]), ...sessionFindings(await seen(context))]
}

function sessionFindings({ agents, orphans, paused, roster_problem, socket_name, observer_note }: FleetSnapshot): Finding[] {
  const tmux = socket_name === null ? 'tmux' : `tmux -L ${socket_name}`
  return [
    ...orphans.map(({ session }) => warn('sessions', `${session} is on the socket, but not in the roster`, endingOf(session, tmux))),
    ...agents.flatMap((agent) => {
      const unable = unableBecause(agent)
      return unable === undefined ? [] : [warn('agents', `${agent.name} takes no message: ${unable}`, `mosaic agent attach ${agent.name}`)]
    }),
    ...(paused ? [note('paused', 'no dispatch and no merge', 'mosaic fleet resume')] : []),
    ...(roster_problem === null
      ? []
      : [fail('roster', `the running fleet keeps the last good one: ${roster_problem}`, rosterMend(roster_problem))]),
    ...(observer_note === null ? [] : [note('observer', observer_note)]),
  ]
}
