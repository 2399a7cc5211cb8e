/** What can stand at the end of an unfinished line: verbs, options, choices, names of agents. */

import { type Complete, type Command as CompletionCommand, RootCommand } from '@bomb.sh/tab'
import { resolvePaths } from '@mosaic/host/paths'
import type { Argument, Command, Option } from 'commander'
import { buildProgram } from '../program.ts'
import { rosterNames } from '../roster-names.ts'
import { NOUNS } from '../verbs.ts'
import { VERSION } from '../version.ts'
import type { World } from '../world.ts'

/** Arguments that stand for agents of the roster. */
const AGENT_ARGUMENTS = new Set(['name', 'names'])
/** Verbs whose name is a new one. */
const NEW_NAMES = new Set(['fleet add', 'agent new'])

const offer = (values: readonly string[]) => (complete: Complete) => {
  for (const value of values) complete(value, '')
}

function addOption(target: CompletionCommand, option: Option): void {
  const name = option.long?.slice(2)
  if (name === undefined) return
  const short = option.short?.slice(1)
  if (option.required || option.optional) target.option(name, option.description, offer(option.argChoices ?? []), short)
  else if (short === undefined) target.option(name, option.description)
  else target.option(name, option.description, short)
}

function addArgument(target: CompletionCommand, argument: Argument, agents: readonly string[]): void {
  const values = argument.argChoices ?? (AGENT_ARGUMENTS.has(argument.name()) ? agents : [])
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
  const agents = rosterNames(paths.roster)
  const program = buildProgram({ version: VERSION, stdout: world.stdout, stderr: world.stderr, act: async () => {} })
  const root = new RootCommand()
  const fill = (target: CompletionCommand, command: Command, names: readonly string[]) => {
    for (const option of command.createHelp().visibleOptions(command)) addOption(target, option)
    for (const argument of command.registeredArguments) addArgument(target, argument, names)
  }
  fill(root, program.command, [])
  for (const [name, noun] of Object.entries(NOUNS)) {
    const command = program.command.commands.find((one) => one.name() === name)
    if (command !== undefined) fill(root.command(name, noun.summary), command, [])
  }
  for (const [path, { command, hidden }] of await program.declareAll()) {
    if (!hidden) fill(root.command(path, command.summary()), command, NEW_NAMES.has(path) ? [] : agents)
  }
  root.parse([...words])
}
