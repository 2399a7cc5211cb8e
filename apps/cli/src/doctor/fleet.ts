/** The fleet itself: roster, runtimes, host service, sessions that nobody defined. */

import { existsSync } from 'node:fs'
import { nameProblem } from '@mosaic/domain/address'
import type { FleetDefinition } from '@mosaic/domain/agent'
import { FleetError } from '@mosaic/domain/error'
import { FileLock } from '@mosaic/host/files/lock'
import type { Context } from '../context.ts'
import { notInForceLine } from '../fleet/not-in-force.ts'
import { readDefinition, readRoster, snapshotOf } from '../fleet/open.ts'
import { findRuntimes } from '../fleet/runtimes-found.ts'
import { VERSION } from '../version.ts'
import { type Check, type Finding, fail, note, ok, warn } from './check.ts'

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

async function definition(context: Context): Promise<FleetDefinition | undefined> {
  try {
    return await readDefinition(context)
  } catch {
    return undefined
  }
}

export const checkRuntimes: Check = async ({ context }) => {
  const fleet = await definition(context)
  const used = new Set(fleet?.agents.filter(({ local, command }) => local && command === undefined).map(({ runtime }) => runtime))
  const findings = await findRuntimes(context)
  const known = new Set(findings.map(({ id }) => id))
  const unknown = [...used]
    .filter((id) => !known.has(id))
    .map((id) => fail(`runtime ${id}`, 'not supported by this version yet', `mosaic fleet edit NAME --runtime stub`))
  return [
    ...findings.map((finding): Finding => {
      const check = `runtime ${finding.id}`
      if (finding.found) return ok(check, `version ${finding.version} at ${finding.program}`)
      const mend = finding.mend ?? 'use another runtime'
      return used.has(finding.id) ? fail(check, finding.problem, mend) : note(check, `${finding.problem} (no agent uses it)`, mend)
    }),
    ...unknown,
  ]
}

function serviceDown(context: Context): Finding {
  const { serviceLock, log } = context.paths
  if (!existsSync(serviceLock)) return note('host service', 'not running', 'mosaic fleet start')
  const lock = FileLock.tryAcquire(serviceLock)
  if (lock === undefined) {
    return fail('host service', 'one runs but does not answer', `look into the log in ${log}; end its process; mosaic fleet start`)
  }
  lock[Symbol.dispose]()
  return note('host service', 'not running', 'mosaic fleet start')
}

export const checkService: Check = async ({ context }) => {
  const client = await context.service()
  if (client === undefined) return [serviceDown(context)]
  const { pid, version, socket } = await client.status()
  if (version === VERSION) return [ok('host service', `process ${pid}, version ${version}, at ${socket}`)]
  return [
    warn(
      'host service',
      `process ${pid} is version ${version}, this command is ${VERSION}`,
      'agents go on when it is replaced: kill it, then mosaic fleet start',
    ),
  ]
}

/** A command to copy; never with a name in it that a shell would read otherwise. */
const endingOf = (session: string, tmux: string): string =>
  nameProblem(session) === undefined ? `${tmux} kill-session -t '=${session}'` : `end it with: ${tmux} choose-tree`

export const checkSessions: Check = async ({ context }) => {
  if ((await definition(context)) === undefined && (await context.service()) === undefined) return []
  const { orphans, paused, roster_problem, socket_name, observer_note } = await snapshotOf(context)
  const tmux = socket_name === null ? 'tmux' : `tmux -L ${socket_name}`
  return [
    ...orphans.map(({ session }) => warn('sessions', `${session} is on the socket, but not in the roster`, endingOf(session, tmux))),
    ...(paused ? [note('paused', 'no dispatch and no merge', 'mosaic fleet resume')] : []),
    ...(roster_problem === null
      ? []
      : [fail('roster', `the running fleet keeps the last good one: ${roster_problem}`, 'correct it, then: mosaic fleet restart')]),
    ...(observer_note === null ? [] : [note('observer', observer_note)]),
  ]
}
