/** What can stand at the end of an unfinished line: verbs, options, choices, names of agents. */

import { type Complete, type Command as CompletionCommand, RootCommand } from '@bomb.sh/tab'
import { resolvePaths } from '@mosaic/host/paths'
import type { Argument, Command, Option } from 'commander'
import { buildProgram } from '../program.ts'
import { accountNames, rosterNames } from '../roster-names.ts'
import { NOUNS } from '../verbs.ts'
import { VERSION } from '../version.ts'
import type { World } from '../world.ts'

/** Arguments that stand for agents of the roster. */
const AGENT_ARGUMENTS = new Set(['name', 'names'])
/** Verbs whose name is a new one. */
const NEW_NAMES = new Set(['fleet add', 'agent new', 'account add', 'account adopt'])

interface Names {
  agents: readonly string[]
  accounts: readonly string[]
}
const NO_NAMES: Names = { agents: [], accounts: [] }

const offer = (values: readonly string[]) => (complete: Complete) => {
  for (const value of values) complete(value, '')
}

function addOption(target: CompletionCommand, option: Option, { accounts }: Names): void {
  const name = option.long?.slice(2)
  if (name === undefined) return
  const short = option.short?.slice(1)
  if (option.required || option.optional)
    target.option(name, option.description, offer(option.argChoices ?? (name === 'account' ? accounts : [])), short)
  else if (short === undefined) target.option(name, option.description)
  else target.option(name, option.description, short)
}

function addArgument(target: CompletionCommand, argument: Argument, { agents, accounts }: Names): void {
  const name = argument.name()
  const values = argument.argChoices ?? (AGENT_ARGUMENTS.has(name) ? agents : name === 'account' ? accounts : [])
  target.argument(argument.name(), offer(values), argument.variadic)
}

const optionIn = (words: readonly string[], flag: string): string | undefined => {
  const inline = words.find((word) => word.startsWith(`${flag}=`))?.slice(flag.length + 1)
  const at = words.indexOf(flag)
  return inline ?? (at === -1 ? undefined : words[at + 1])
}

/** Prints the candidates for the last of `words`, one per line with what it means behind a tab. */
export async function printCandidates(words: readonly string[], world: World): Promise<void> {
  const paths = resolvePaths({ env: world.env, home: optionIn(words, '--mosaic-home'), roster: optionIn(words, '--roster') })
  const names: Names = { agents: rosterNames(paths.roster), accounts: accountNames(paths.accountsFile) }
  const program = buildProgram({ version: VERSION, stdout: world.stdout, stderr: world.stderr, act: async () => {} })
  const root = new RootCommand()
  const fill = (target: CompletionCommand, command: Command, offered: Names) => {
    for (const option of command.createHelp().visibleOptions(command)) addOption(target, option, names)
    for (const argument of command.registeredArguments) addArgument(target, argument, offered)
  }
  fill(root, program.command, names)
  for (const [name, noun] of Object.entries(NOUNS)) {
    const command = program.command.commands.find((one) => one.name() === name)
    if (command !== undefined) fill(root.command(name, noun.summary), command, names)
  }
  for (const [path, { command, hidden }] of await program.declareAll()) {
    if (!hidden) fill(root.command(path, command.summary()), command, NEW_NAMES.has(path) ? NO_NAMES : names)
  }
  root.parse([...words])
}
