/** `mosaic fleet doctor` */

import { displaySafe } from '@mosaic/domain/display'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import type { CheckStatus, Finding, Fixable } from '../doctor/check.ts'
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

async function examine(context: Context): Promise<Fixable[]> {
  const [machine, files, fleet] = await Promise.all([
    import('../doctor/machine.ts'),
    import('../doctor/files.ts'),
    import('../doctor/fleet.ts'),
  ])
  const serviceRuns = (await context.service()) !== undefined
  const checks = [
    machine.checkNode,
    machine.checkTmux,
    machine.checkLocale,
    machine.checkSpace,
    machine.checkCommand,
    machine.checkReboot,
    files.checkDirectories,
    fleet.checkRoster,
    fleet.checkRuntimes,
    fleet.checkService,
    fleet.checkSessions,
    files.checkLeftovers,
  ]
  const findings: Fixable[] = []
  for (const check of checks) findings.push(...(await check({ context, serviceRuns })))
  return findings
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
