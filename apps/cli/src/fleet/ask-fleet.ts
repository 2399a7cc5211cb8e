/** The questions of `fleet init` on a terminal. No model is asked, and nothing is written before the last answer. */

import { confirm, intro, isCancel, note, outro, select } from '@clack/prompts'
import { FleetError } from '@mosaic/domain/error'
import { seatsOf } from '@mosaic/domain/profile'
import { listProfiles } from '@mosaic/host/roster-file/profiles'
import type { Context } from '../context.ts'
import { DEFAULT_PROFILE, DEFAULT_RUNTIME, type PlanChoice } from './new-fleet.ts'
import { findRuntimes } from './runtimes-found.ts'

/** @throws FleetError `not_done` when the operator left */
function answered<Value>(value: Value): Exclude<Value, symbol> {
  if (isCancel(value)) throw new FleetError('not_done', 'left; nothing was written', { reason: 'cancelled' })
  return value as Exclude<Value, symbol>
}

async function askProfile(): Promise<string> {
  const options = listProfiles().map((profile) => {
    const seats = seatsOf(profile).length
    return { value: profile.id, label: `${profile.title} (${seats} ${seats === 1 ? 'agent' : 'agents'})`, hint: profile.description }
  })
  return answered(await select({ message: 'What is the fleet for?', options, initialValue: DEFAULT_PROFILE }))
}

async function askRuntime(context: Context): Promise<string> {
  const findings = await findRuntimes(context)
  const options = findings.map((finding) => ({
    value: finding.id as string,
    label: finding.id,
    hint: finding.found
      ? finding.id === 'stub'
        ? 'built in: answers, but uses no model'
        : `version ${finding.version}`
      : `not found: ${finding.mend ?? finding.problem}`,
    disabled: !finding.found,
  }))
  return answered(await select({ message: 'Which runtime shall the agents run?', options, initialValue: DEFAULT_RUNTIME as string }))
}

async function askSocket(): Promise<boolean> {
  const options = [
    { value: false, label: 'apart', hint: 'on a tmux socket of their own; best when you use tmux yourself' },
    { value: true, label: 'beside mine', hint: "on tmux's default socket, seen by a plain `tmux ls`" },
  ]
  return answered(await select({ message: 'Where shall the sessions live?', options, initialValue: false }))
}

/** What the operator chose. @throws FleetError `not_done` when they left */
export async function askFleet(context: Context, given: PlanChoice): Promise<PlanChoice> {
  intro('A new fleet')
  const profile = await askProfile()
  const runtime = given.runtime ?? (await askRuntime(context))
  return { profile, runtime, sharedSocket: await askSocket() }
}

/** Shows the roster and asks for the word. */
export async function confirmFleet(path: string, text: string, replaces: boolean): Promise<boolean> {
  note(text.trimEnd(), path)
  const message = replaces ? 'Replace your roster with this one? A backup is kept.' : 'Write this roster?'
  const yes = answered(await confirm({ message, initialValue: !replaces }))
  outro(yes ? 'That is all.' : 'Nothing was written.')
  return yes
}
