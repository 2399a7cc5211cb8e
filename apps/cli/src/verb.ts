/** What a verb is to the command line: how it is written, what it is for, what it does. */

import type { Command } from 'commander'
import type { Context } from './context.ts'

export interface Example {
  command: string
  /** What it does, as the end of "this ...". */
  does: string
}

export interface Input<Options> {
  /** Operands in order, those after `--` included. */
  args: readonly string[]
  options: Options
}

export interface Verb<Options extends object = object> {
  /** Adds arguments, options and a longer description. Called only for the verb that is used, and for the reference. */
  declare(command: Command): void
  examples: readonly Example[]
  /** It changes the fleet, and does so only where the running one goes by the roster that is meant. */
  changes?: true
  /** Resolves to the exit status. */
  run(context: Context, input: Input<Options>): Promise<number>
}

/** Checks a verb against its options; the table of verbs then needs to know nothing of them. */
export const defineVerb = <Options extends object>(verb: Verb<Options>): Verb => verb
