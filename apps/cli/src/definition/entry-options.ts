/** The keys of a roster entry as options of a verb. The roster's schema judges the values. */

import { statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { FleetError } from '@mosaic/domain/error'
import { AGENT_CLASSES } from '@mosaic/domain/role'
import type { AgentEntry, RuntimeId } from '@mosaic/domain/roster'
import { type Command, Option } from 'commander'
import { numberOption } from '../options.ts'

/** Written down here as well so that `--help` loads no schema; a test keeps both equal. */
export const RUNTIME_CHOICES = ['stub', 'pi', 'claude', 'codex', 'opencode'] as const satisfies readonly RuntimeId[]
export const EFFORT_CHOICES = ['minimal', 'low', 'medium', 'high', 'max'] as const satisfies readonly NonNullable<AgentEntry['effort']>[]
/** Seconds, as the roster has it. */
const IDLE_TIMEOUT = { min: 1, max: 2_592_000 }
const LIFECYCLE_CHOICES = ['core', 'ephemeral'] as const

/** Keys that `--unset` can take out of an entry. */
export const UNSETTABLE = {
  class: 'class',
  runtime: 'runtime',
  model: 'model_hint',
  effort: 'effort',
  cwd: 'working_directory',
  alias: 'alias',
  yolo: 'yolo',
  command: 'command',
  lifecycle: 'lifecycle',
  'idle-timeout': 'idle_timeout',
  account: 'account',
} as const satisfies Record<string, keyof AgentEntry>

export interface EntryOptions {
  class?: string
  runtime?: string
  model?: string
  effort?: string
  cwd?: string
  alias?: string
  yolo?: boolean
  command?: string
  lifecycle?: string
  idleTimeout?: string
  account?: string
}

export const runtimeOption = (description: string): Option => new Option('-r, --runtime <runtime>', description).choices(RUNTIME_CHOICES)

export function declareEntryOptions(command: Command): void {
  command
    .addOption(new Option('--class <class>', 'what the agent is for; default: its name without the number').choices(AGENT_CLASSES))
    .addOption(runtimeOption('the program in its pane; default: defaults.runtime of the roster'))
    .option('--model <model>', 'the model to ask the runtime for')
    .addOption(new Option('--effort <effort>', 'reasoning effort').choices(EFFORT_CHOICES))
    .option('--cwd <dir>', 'where it works')
    .option('--account <account>', "whose login it uses: mosaic account list; default: the runtime's own home")
    .option('--alias <alias>', 'the friendly name that people see; never an address')
    .option('--yolo', "the runtime's own skip-permissions mode")
    .addOption(new Option('--lifecycle <lifecycle>', 'core: always on; ephemeral: ends with its lane of work').choices(LIFECYCLE_CHOICES))
    .option('--idle-timeout <seconds>', 'remove an ephemeral agent, with its worktree, when it was idle for so long')
    .option('--command <program>', 'run this instead of the runtime itself; its arguments follow behind --')
}

/**
 * A relative directory is meant from here; `~` is left to the roster, which knows it. It must exist: an agent that is
 * restarted into a missing one would be down until somebody looks.
 */
function directory(text: string): string {
  const inHome = text === '~' || text.startsWith('~/')
  try {
    const path = inHome ? join(homedir(), text.slice(1)) : resolve(text)
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
      throw new FleetError('invalid', `no such directory: ${path}`, {
        mend: 'make it first, or give another one with --cwd',
        reason: 'usage',
      })
    }
    return inHome ? text : path
  } catch (cause) {
    if (cause instanceof FleetError) throw cause
    throw new FleetError('not_done', 'the directory that this shell is in does not exist any more', { mend: 'cd, then try again', cause })
  }
}

/**
 * The keys that the options give.
 * @param rest operands behind the name: arguments of `--command`
 * @throws FleetError `invalid` for operands without a command
 */
export function entryOf(options: EntryOptions, rest: readonly string[]): Omit<Partial<AgentEntry>, 'name'> {
  if (rest.length > 0 && options.command === undefined) {
    throw new FleetError('invalid', `unexpected ${JSON.stringify(rest[0])}`, {
      mend: 'name one agent; arguments of a command follow behind --command PROGRAM --',
      reason: 'usage',
    })
  }
  const given: Record<string, unknown> = {
    class: options.class,
    runtime: options.runtime,
    model_hint: options.model,
    effort: options.effort,
    working_directory: options.cwd === undefined ? undefined : directory(options.cwd),
    alias: options.alias,
    yolo: options.yolo,
    lifecycle: options.lifecycle,
    idle_timeout: options.idleTimeout === undefined ? undefined : numberOption('--idle-timeout', options.idleTimeout, IDLE_TIMEOUT),
    account: options.account,
    command: options.command === undefined ? undefined : [options.command, ...rest],
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Omit<Partial<AgentEntry>, 'name'>
}
