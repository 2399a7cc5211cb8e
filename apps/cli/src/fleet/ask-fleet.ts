/** The questions of `fleet init` on a terminal. No model is asked, and nothing is written before the last answer. */

import { confirm, intro, isCancel, log, note, outro, select } from '@clack/prompts'
import { FleetError } from '@mosaic/domain/error'
import { seatsOf } from '@mosaic/domain/profile'
import { listProfiles } from '@mosaic/host/roster-file/profiles'
import type { Context } from '../context.ts'
import { DEFAULT_PROFILE, DEFAULT_RUNTIME, type PlanChoice } from './new-fleet.ts'
import { findRuntimes, loginProblem } from './runtimes-found.ts'

interface Pressed {
  name?: string
  ctrl?: boolean
}

export class FleetQuestions implements Disposable {
  readonly #context: Context
  readonly #signal: AbortSignal
  /** The prompts tell Ctrl-C and Escape not apart. */
  #interrupted = false
  readonly #look = (_text: unknown, key: Pressed | undefined) => {
    if (key?.ctrl === true && key.name === 'c') this.#interrupted = true
  }

  /** @param signal ends the questions */
  constructor(context: Context, signal: AbortSignal) {
    this.#context = context
    this.#signal = signal
    context.world.stdin.on('keypress', this.#look)
  }

  [Symbol.dispose](): void {
    this.#context.world.stdin.off('keypress', this.#look)
  }

  /** What the operator chose. @throws FleetError `not_done` when they left */
  async ask(given: PlanChoice, replaces: boolean): Promise<PlanChoice> {
    intro('A new fleet')
    if (replaces) log.warn(`There is a roster already, ${this.#context.paths.roster}; it is kept unless the last answer is yes.`)
    const profile = await this.#profile()
    const runtime = given.runtime ?? (await this.#runtime())
    return { profile, runtime, sharedSocket: await this.#socket() }
  }

  /** Shows the roster and asks for the word. */
  async confirm(path: string, text: string, replaces: boolean): Promise<boolean> {
    note(text.trimEnd(), path)
    const message = replaces ? 'Replace your roster with this one? A backup is kept.' : 'Write this roster?'
    const yes = this.#answered(await confirm({ message, initialValue: !replaces, signal: this.#signal }))
    outro(yes ? 'That is all.' : 'Nothing was written.')
    return yes
  }

  #answered<Value>(value: Value): Exclude<Value, symbol> {
    if (!isCancel(value)) return value as Exclude<Value, symbol>
    throw new FleetError('not_done', 'left; nothing was written', { reason: this.#interrupted ? 'interrupted' : 'cancelled' })
  }

  async #profile(): Promise<string> {
    const options = listProfiles().map((profile) => {
      const seats = seatsOf(profile).length
      return { value: profile.id, label: `${profile.title} (${seats} ${seats === 1 ? 'agent' : 'agents'})`, hint: profile.description }
    })
    const message = 'What is the fleet for?'
    return this.#answered(await select({ message, options, initialValue: DEFAULT_PROFILE, signal: this.#signal }))
  }

  async #runtime(): Promise<string> {
    const findings = await findRuntimes(this.#context)
    const options = findings.map((finding) => ({
      value: finding.id as string,
      label: finding.id,
      hint: finding.found
        ? finding.id === 'stub'
          ? 'built in: answers, but uses no model'
          : [`version ${finding.version}`, loginProblem(this.#context, finding.id)?.problem].filter(Boolean).join(', ')
        : `not found: ${finding.mend ?? finding.problem}`,
      disabled: !finding.found,
    }))
    const message = 'Which runtime shall the agents run?'
    return this.#answered(await select({ message, options, initialValue: DEFAULT_RUNTIME as string, signal: this.#signal }))
  }

  async #socket(): Promise<boolean> {
    const options = [
      { value: false, label: 'apart', hint: 'on a tmux socket of their own; best when you use tmux yourself' },
      { value: true, label: 'beside mine', hint: "on tmux's default socket, seen by a plain `tmux ls`" },
    ]
    const message = 'Where shall the sessions live?'
    return this.#answered(await select({ message, options, initialValue: false, signal: this.#signal }))
  }
}
