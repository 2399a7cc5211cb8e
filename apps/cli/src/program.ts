/** The tree of commands. Verbs are declared when they are used: the tree alone knows only their names. */

import { Command, Option } from 'commander'
import type { Example, Input, Verb } from './verb.ts'
import { HIDDEN_VERBS, NOUNS, PLAIN_VERBS, type VerbEntry } from './verbs.ts'
import type { Sink } from './world.ts'

export interface ProgramOptions {
  version: string
  stdout: Sink
  stderr: Sink
  /** Does the verb, with all options of its line. */
  act(verb: Verb, input: Input<object>): Promise<void>
}

export interface Program {
  command: Command
  /** Declares every verb, for those who want to see all of them. Resolves to the verbs by path, e.g. `fleet ps`. */
  declareAll(): Promise<ReadonlyMap<string, { command: Command; verb: Verb; hidden: boolean }>>
}

const EVERYWHERE = 'Everywhere:'

const shared = (): Option[] => [
  new Option('--json', 'answer with one JSON document, errors included').helpGroup(EVERYWHERE),
  new Option('--mosaic-home <dir>', 'files of the fleet; default $MOSAIC_HOME, else ~/.config/mosaic').helpGroup(EVERYWHERE),
  new Option('--roster <file>', 'the roster; default fleet/roster.yaml in the home').helpGroup(EVERYWHERE),
]

/** Last, so that help shows what is special first. */
const addShared = (command: Command): Command => {
  for (const option of shared()) command.addOption(option)
  return command.addHelpOption(new Option('-h, --help', 'show this').helpGroup(EVERYWHERE))
}

export const exampleText = (examples: readonly Example[]): string =>
  `\nExamples:\n${examples.map(({ command, does }) => `  $ ${command}\n      ${does}`).join('\n')}`

class Leaf {
  readonly command: Command
  readonly hidden: boolean
  readonly #entry: VerbEntry
  readonly #act: ProgramOptions['act']
  #verb: Verb | undefined

  constructor(parent: Command, name: string, entry: VerbEntry, act: ProgramOptions['act'], hidden = false) {
    this.command = parent.command(name, { hidden }).summary(entry.summary).description(sentence(entry.summary))
    this.#entry = entry
    this.#act = act
    this.hidden = hidden
  }

  async declare(): Promise<Verb> {
    if (this.#verb !== undefined) return this.#verb
    const { verb } = await this.#entry.load()
    this.#verb = verb
    verb.declare(this.command)
    addShared(this.command)
    if (verb.examples.length > 0) this.command.addHelpText('after', exampleText(verb.examples))
    this.command.action(async () => {
      await this.#act(verb, { args: this.command.args, options: this.command.optsWithGlobals() })
    })
    return verb
  }
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

function configure(root: Command, options: ProgramOptions): void {
  root
    .description('Mosaic Fleet: always-on AI agents in durable, joinable terminal sessions.')
    .version(options.version, '-V, --version', 'show the version')
    .enablePositionalOptions()
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => options.stdout.write(text),
      writeErr: (text) => options.stderr.write(text),
      // Errors are rendered in one place, as text or as JSON.
      outputError: () => {},
      getOutHelpWidth: () => Math.min(options.stdout.columns ?? 100, 100),
      getErrHelpWidth: () => Math.min(options.stderr.columns ?? 100, 100),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({ subcommandTerm: (command) => command.name() })
}

export function buildProgram(options: ProgramOptions): Program {
  const root = new Command('mosaic')
  configure(root, options)
  addShared(root)
  const leaves = new Map<string, Leaf>()
  const byCommand = new Map<Command, Leaf>()
  const grow = (parent: Command, path: string, name: string, entry: VerbEntry, hidden = false) => {
    const leaf = new Leaf(parent, name, entry, options.act, hidden)
    leaves.set(path, leaf)
    byCommand.set(leaf.command, leaf)
  }
  const declareUsed = async (_parent: Command, used: Command): Promise<void> => {
    await byCommand.get(used)?.declare()
  }
  root.hook('preSubcommand', declareUsed)
  for (const [name, noun] of Object.entries(NOUNS)) {
    const command = addShared(root.command(name).summary(noun.summary).description(sentence(noun.summary))).helpCommand(false)
    command.usage('<verb> [options]').enablePositionalOptions().hook('preSubcommand', declareUsed)
    if (noun.after !== undefined) command.addHelpText('after', `\n${noun.after}`)
    for (const [verb, entry] of Object.entries(noun.verbs)) grow(command, `${name} ${verb}`, verb, entry)
  }
  for (const [name, entry] of Object.entries(PLAIN_VERBS)) grow(root, name, name, entry)
  for (const [name, entry] of Object.entries(HIDDEN_VERBS)) grow(root, name, name, entry, true)
  root.usage('<noun> <verb> [options]')
  root.addHelpText('after', exampleText(FIRST_STEPS))
  return {
    command: root,
    declareAll: async () => {
      const all = new Map<string, { command: Command; verb: Verb; hidden: boolean }>()
      for (const [path, leaf] of leaves) all.set(path, { command: leaf.command, verb: await leaf.declare(), hidden: leaf.hidden })
      return all
    },
  }
}

const FIRST_STEPS: readonly Example[] = [
  { command: 'mosaic fleet up', does: 'two agents in real sessions, healthy' },
  { command: 'mosaic agent send orchestrator --message "hello" --verify', does: 'a message and the proof that it was accepted' },
  { command: 'mosaic agent watch orchestrator', does: 'look at it, read-only' },
  { command: 'mosaic fleet stop', does: 'end it all, leaving nothing' },
]
