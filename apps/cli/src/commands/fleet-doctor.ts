/** `mosaic fleet doctor` */

import { displaySafe } from '@mosaic/domain/display'
import { FleetError } from '@mosaic/domain/error'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { type Check, type CheckOptions, type CheckStatus, type Finding, type Fixable, fail } from '../doctor/check.ts'
import { EXIT } from '../exit-codes.ts'
import type { Style } from '../output/style.ts'
import { pad, wrap } from '../output/width.ts'
import { defineVerb, type Input } from '../verb.ts'

interface Options {
  fix?: boolean
}

interface Examined extends Finding {
  fixed: boolean
}

/** How long one check may take, milliseconds: what hangs is told, and the rest is looked at all the same. */
const CHECK_MS = 8_000
/** How long it may take to find out whether a host service is there, milliseconds. */
const SERVICE_MS = 4_000

async function within<T>(act: Promise<T>, ms: number, late: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const bound = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(late), ms)
  })
  try {
    return await Promise.race([act, bound])
  } finally {
    clearTimeout(timer)
  }
}

/** @param name of the check, for what it cannot say itself */
async function bounded(name: string, check: Check, options: CheckOptions): Promise<Fixable[]> {
  const mend = `look for what hangs: ps -eo pid,stat,etime,args; then mosaic fleet doctor again`
  const found = (async () => check(options))().catch((error: unknown): Fixable[] => {
    if (error instanceof FleetError) return [fail(name, error.message, error.mend ?? mend)]
    throw error
  })
  return within(found, CHECK_MS, [fail(name, `no answer within ${CHECK_MS / 1000} s`, mend)])
}

async function examine(context: Context): Promise<Fixable[]> {
  const [machine, files, fleet, runtimes] = await Promise.all([
    import('../doctor/machine.ts'),
    import('../doctor/files.ts'),
    import('../doctor/fleet.ts'),
    import('../doctor/runtimes.ts'),
  ])
  const isThere = context.service().then((client) => client !== undefined)
  // One that does not say so within the time is there, and hangs.
  const serviceRuns = await within(isThere, SERVICE_MS, true)
  const checks: [string, Check][] = [
    ['node', machine.checkNode],
    ['tmux', machine.checkTmux],
    ['locale', machine.checkLocale],
    ['disk', machine.checkSpace],
    ['command', machine.checkCommand],
    ['reboot', machine.checkReboot],
    ['directory', files.checkDirectories],
    ['files', files.checkPlaces],
    ['databases', files.checkDatabases],
    ['roster', fleet.checkRoster],
    ['runtimes', runtimes.checkRuntimes],
    ['accounts', runtimes.checkAccounts],
    ['host service', fleet.checkService],
    ['sessions', fleet.checkSessions],
    ['leftovers', files.checkLeftovers],
  ]
  const findings = await Promise.all(checks.map(([name, check]) => bounded(name, check, { context, serviceRuns })))
  // It reads a large program in one go, so nobody waits for an answer meanwhile.
  return [...findings.flat(), ...(await runtimes.checkContextCap({ context, serviceRuns }))]
}

async function settle({ fix, ...finding }: Fixable, mends: boolean): Promise<Examined> {
  if (!mends || fix === undefined) return { ...finding, fixed: false }
  return { ...finding, status: 'ok', detail: `${finding.detail}: ${await fix()}`, mend: null, fixed: true }
}

const paintOf = (style: Style): Record<CheckStatus, (text: string) => string> => ({
  ok: style.green,
  note: style.cyan,
  warn: style.yellow,
  fail: style.red,
})

function lines(context: Context, finding: Examined): string[] {
  const { style, width = Number.POSITIVE_INFINITY } = context
  const head = `${paintOf(style)[finding.status](pad(finding.fixed ? 'fixed' : finding.status, 5))} ${pad(finding.check, 14)} `
  const indent = ' '.repeat(21)
  const room = Math.max(20, width - indent.length)
  const detail = finding.detail.split('\n').flatMap((line) => wrap(displaySafe(line), room))
  const mend = finding.mend === null ? [] : wrap(`mend: ${displaySafe(finding.mend)}`, room)
  return [...detail.map((line, index) => (index === 0 ? head : indent) + line), ...mend.map((line) => indent + style.dim(line))]
}

async function run(context: Context, { options }: Input<Options>): Promise<number> {
  context.progress.say('examining this machine')
  const checks: Examined[] = []
  for (const finding of await examine(context)) checks.push(await settle(finding, options.fix === true))
  const count = (status: CheckStatus) => checks.filter((one) => one.status === status).length
  const healthy = count('fail') === 0
  const counts = `${count('fail')} to mend, ${count('warn')} to heed, ${count('note')} to know`
  context.answer(
    { ok: healthy, checks },
    `${checks.flatMap((finding) => lines(context, finding)).join('\n')}\n\n${healthy ? 'Fit for a fleet' : 'Not fit yet'}: ${counts}.\n`,
  )
  return healthy ? EXIT.done : EXIT.notDone
}

export const verb = defineVerb<Options>({
  declare: (command: Command) => {
    command
      .description('Finds what is missing or wrong on this machine, each with its mend. Exits 1 when something keeps a fleet from working.')
      .option('--fix', 'mend what can be mended without harm: modes of directories, files that killed processes left')
  },
  examples: [
    { command: 'mosaic fleet doctor', does: 'examine, change nothing' },
    { command: 'mosaic fleet doctor --fix', does: 'mend what is safe to mend' },
  ],
  run,
})
