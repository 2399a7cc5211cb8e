/** The reference of the command line, from the commands themselves. */

import { EXIT_MEANINGS } from '../../apps/cli/src/exit-codes.ts'
import { buildProgram } from '../../apps/cli/src/program.ts'
import type { Verb } from '../../apps/cli/src/verb.ts'
import { NOUNS } from '../../apps/cli/src/verbs.ts'

type Program = ReturnType<typeof buildProgram>
type Command = Program['command']

const sink = { write: () => true }

/** Text in a cell of a Markdown table. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')

const table = (head: readonly [string, string], rows: readonly (readonly [string, string])[]): string[] =>
  rows.length === 0 ? [] : [`| ${head[0]} | ${head[1]} |`, '|---|---|', ...rows.map(([left, right]) => `| ${left} | ${cell(right)} |`), '']

const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``

const SHARED = new Set(['--json', '--mosaic-home', '--roster', '--help'])

function optionRows(command: Command): [string, string][] {
  const help = command.createHelp()
  return help
    .visibleOptions(command)
    .filter((option) => !SHARED.has(option.long ?? ''))
    .map((option) => [code(help.optionTerm(option)), help.optionDescription(option)])
}

function sharedRows(command: Command): [string, string][] {
  const help = command.createHelp()
  return help
    .visibleOptions(command)
    .filter((option) => SHARED.has(option.long ?? ''))
    .map((option) => [code(help.optionTerm(option)), help.optionDescription(option)])
}

function verbSection(path: string, command: Command, verb: Verb): string[] {
  const help = command.createHelp()
  const args = help
    .visibleArguments(command)
    .map((argument): [string, string] => [code(help.argumentTerm(argument)), help.argumentDescription(argument)])
  const examples = verb.examples.flatMap((example) => [`# ${example.does}`, example.command])
  return [
    `## mosaic ${path}`,
    '',
    command.description(),
    '',
    '```',
    help.commandUsage(command),
    '```',
    '',
    ...table(['argument', ''], args),
    ...table(['option', ''], optionRows(command)),
    ...(examples.length === 0 ? [] : ['```sh', ...examples, '```', '']),
    `\`--json\`: [schema](generated/schema/${path.replaceAll(' ', '-')}.json)`,
    '',
  ]
}

const anchor = (path: string): string => `#mosaic-${path.replaceAll(' ', '-')}`

/** Files from the root of the repository. */
export async function generate(): Promise<{ path: string; text: string }[]> {
  const program = buildProgram({ version: '', stdout: sink, stderr: sink, act: async () => {} })
  const verbs = [...(await program.declareAll())].filter(([, { hidden }]) => !hidden)
  const lines = [
    '# The command line',
    '',
    'Generated from the commands; `mosaic <noun> <verb> --help` shows the same.',
    '',
    'stdout is the answer, stderr everything else. With `--json` stdout is exactly one JSON document, also when a verb fails',
    '([schema](generated/schema/error.json)); only streams (`fleet ps --watch`, `agent tail --follow`) print one document per line.',
    'Colour only on a terminal, and not with `NO_COLOR`.',
    '',
    ...table(
      ['exit status', ''],
      EXIT_MEANINGS.map(([status, meaning]) => [String(status), meaning]),
    ),
    'Every verb takes:',
    '',
    ...table(['option', ''], sharedRows(program.command)),
    ...Object.entries(NOUNS).flatMap(([noun, { summary, after }]) => [
      `**mosaic ${noun}**: ${summary}.${after === undefined ? '' : ` ${after}`}`,
      '',
    ]),
    ...table(
      ['verb', ''],
      verbs.map(([path, { command }]) => [`[mosaic ${path}](${anchor(path)})`, command.summary()]),
    ),
    ...verbs.flatMap(([path, { command, verb }]) => verbSection(path, command, verb)),
  ]
  return [{ path: 'docs/cli.md', text: `${lines.join('\n').trimEnd()}\n` }]
}
