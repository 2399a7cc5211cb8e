/** What a lifecycle verb did to each agent. */

import type { AgentOutcome } from '@mosaic/domain/fleet-control'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import type { Style } from '../output/style.ts'
import { type Column, tableLines } from '../output/table.ts'

const WORDS: Readonly<Record<AgentOutcome['did'], string>> = {
  started: 'started',
  stopped: 'stopped',
  restarted: 'restarted',
  unchanged: 'unchanged',
  reset: 'reset',
  'new-session': 'new session',
  failed: 'failed',
}

const columnsOf = (style: Style): Column<AgentOutcome>[] => [
  { title: 'NAME', cell: ({ name }) => name, rank: 0, max: 32, paint: (text) => style.bold(text) },
  {
    title: 'DID',
    cell: ({ did }) => WORDS[did],
    rank: 0,
    paint: (text, { did }) => (did === 'failed' ? style.red(text) : did === 'unchanged' ? style.dim(text) : style.green(text)),
  },
  { title: 'DETAIL', cell: ({ detail }) => detail ?? '', rank: 0, sparse: true, min: 12, wraps: true },
]

export function outcomeText(context: Context, outcomes: readonly AgentOutcome[]): string {
  const { style, width } = context
  return `${tableLines(columnsOf(style), outcomes, { style, width }).join('\n')}\n`
}

/** Not done when any of them failed. */
export const outcomeStatus = (outcomes: readonly AgentOutcome[]): number =>
  outcomes.some(({ did }) => did === 'failed') ? EXIT.notDone : EXIT.done
