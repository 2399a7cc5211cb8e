/** One run of the command line, from words to exit status. */

import { FleetError } from '@mosaic/domain/error'
import { CommanderError } from 'commander'
import { mentionsJson, normaliseArgv } from './argv.ts'
import { Context, type SharedOptions } from './context.ts'
import { EXIT, exitStatusOf } from './exit-codes.ts'
import { asFleetError, errorDocument, errorText } from './output/error.ts'
import { jsonDocument } from './output/json.ts'
import { makeStyle, wantsColour } from './output/style.ts'
import { buildProgram } from './program.ts'
import type { Input, Verb } from './verb.ts'
import { VERSION } from './version.ts'
import type { World } from './world.ts'

/** Why a run was ended from outside. */
export interface Ending {
  because: 'interrupt' | 'closed'
  status: number
}

class Interrupted extends Error {}

/** Rejects when the run is interrupted and the verb does not see to that itself. */
function interrupted(context: Context): Promise<never> {
  return new Promise((_, reject) => {
    const { ending } = context.world
    const check = () => {
      if ((ending.reason as Ending).because === 'interrupt' && !context.endsItself) reject(new Interrupted())
    }
    if (ending.aborted) check()
    else ending.addEventListener('abort', check, { once: true })
  })
}

/** The exit status of a run that was told to end, also of one that then ended as it should. */
function interruptedStatus({ ending }: World): number | undefined {
  const { because, status } = (ending.reason ?? {}) as Partial<Ending>
  return because === 'interrupt' ? status : undefined
}

/** What commander found wrong with the words, as an error of ours; `undefined` when it only showed help or the version. */
function usageError(error: CommanderError, words: string): FleetError | undefined {
  if (error.exitCode === 0) return undefined
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n')
  const hint = rest.join(' ').replace(/^\(|\)$/g, '')
  const help = `${words} --help`
  if (error.code === 'commander.help') return new FleetError('invalid', 'a verb is missing', { mend: help, reason: 'usage' })
  return new FleetError('invalid', first, { mend: hint === '' ? `see ${help}` : `${hint} See ${help}`, reason: 'usage' })
}

async function logInternal(error: unknown, context: Context | undefined): Promise<void> {
  if (context === undefined) return
  const { appendLog } = await import('./cli-log.ts')
  appendLog(context.logFile, error, context.world.argv)
}

function interruptedError(context: Context | undefined): FleetError {
  const background = context?.background
  return new FleetError('not_done', background === undefined ? 'interrupted' : `interrupted; ${background}`, { reason: 'interrupted' })
}

/** Runs the words of `world.argv`; resolves to the exit status. Never throws. */
export async function runCli(world: World): Promise<number> {
  const argv = normaliseArgv(world.argv)
  let context: Context | undefined
  let status: number = EXIT.done
  let used = 'mosaic'
  const act = async (verb: Verb, input: Input<object>): Promise<void> => {
    context = new Context(world, input.options as SharedOptions, verb.changes)
    const ended = await Promise.race([verb.run(context, input), interrupted(context)])
    status = interruptedStatus(world) ?? ended
  }
  try {
    const program = buildProgram({ version: VERSION, stdout: world.stdout, stderr: world.stderr, act })
    program.command.hook('preSubcommand', (_, command) => {
      used = `mosaic ${command.name()}`
    })
    for (const noun of program.command.commands) {
      noun.hook('preSubcommand', (_, command) => {
        used = `mosaic ${noun.name()} ${command.name()}`
      })
    }
    await program.command.parseAsync(argv, { from: 'user' })
    return status
  } catch (error) {
    return await failed(error, { world, context, used, argv })
  } finally {
    await (context as Context | undefined)?.[Symbol.asyncDispose]().catch(() => {})
  }
}

interface FailedRun {
  world: World
  context: Context | undefined
  /** The command as far as it was recognised. */
  used: string
  argv: readonly string[]
}

/** Tells what went wrong, once, on the right stream; resolves to the exit status. */
async function failed(thrown: unknown, run: FailedRun): Promise<number> {
  const { world, context, used, argv } = run
  let error = thrown
  let status: number | undefined
  if (thrown instanceof CommanderError) {
    error = usageError(thrown, used)
    if (error === undefined) return EXIT.done
  } else if (thrown instanceof Interrupted) {
    error = interruptedError(context)
  }
  if (context?.endsItself === true || thrown instanceof Interrupted) status = interruptedStatus(world)
  const known = asFleetError(error)
  // A key that is Ctrl-C, where the terminal makes no signal of it.
  if (known?.reason === 'interrupted') status ??= EXIT.interrupted
  if (known === undefined) await logInternal(error, context).catch(() => {})
  context?.abandon()
  const logFile = context?.logFile ?? 'the log'
  const json = context?.json ?? mentionsJson(argv)
  const suggested = known?.code === 'not_found' && context !== undefined ? await withSuggestion(known, context) : error
  const shown = context === undefined ? suggested : completed(suggested, context)
  if (json && context?.answered !== true) world.stdout.write(jsonDocument(errorDocument(shown, logFile)))
  // Help that was shown for want of a verb says it all.
  else if (!(thrown instanceof CommanderError && thrown.code === 'commander.help')) {
    world.stderr.write(errorText(shown, logFile, makeStyle(wantsColour(world.stderr.isTTY === true, world.env))))
  }
  return status ?? exitStatusOf(known?.code ?? 'internal')
}

/** The same error with a mend that works as it is printed. */
function completed(error: unknown, context: Context): unknown {
  const known = asFleetError(error)
  const message = known === undefined ? '' : context.complete(known.message)
  const mend = known?.mend === undefined ? undefined : context.complete(known.mend)
  if (known === undefined || (message === known.message && mend === known.mend)) return error
  const { where, reason } = known
  const detail = {
    ...(where === undefined ? {} : { where }),
    ...(mend === undefined ? {} : { mend }),
    ...(reason === undefined ? {} : { reason }),
  }
  return new FleetError(known.code, message, { ...detail, cause: known })
}

async function withSuggestion(error: FleetError, context: Context): Promise<FleetError> {
  const { suggestName } = await import('./did-you-mean.ts')
  return suggestName(error, context.paths.roster)
}
