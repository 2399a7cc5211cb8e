/** What a change of the roster did, in words. */

import { displaySafe } from '@mosaic/domain/display'
import type { WorktreeEnd } from '@mosaic/domain/worktree'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import type { ChangeAnswer } from './change-roster.ts'

const OUTCOME = {
  started: 'it is started',
  stopped: 'it is stopped',
  restarted: 'it is restarted',
  unchanged: 'it runs as before',
  reset: 'its conversation is reset',
  'new-session': 'it has a new session',
  failed: 'it could not be started',
} as const

const PREPOSITION = { added: 'to', changed: 'in', removed: 'from', unchanged: 'in' } as const

function worktreeLines({ directory = '', branch = '', kept_directory, kept_branch }: Partial<WorktreeEnd>): string {
  const place = displaySafe(directory)
  if (kept_directory === undefined) return `  worktree: ${place}, branch ${displaySafe(branch)}\n`
  const [first, second] = [
    kept_directory === null ? `removed: ${place}` : `kept: ${place}: ${kept_directory}`,
    kept_branch === null ? 'removed' : `kept: ${kept_branch ?? ''}`,
  ]
  return `  worktree ${first}\n  branch ${displaySafe(branch)} ${second}\n`
}

/** Answers with the change; resolves to the exit status. */
export function answerChange(context: Context, answer: ChangeAnswer, hint: string): number {
  const { name, did, outcome, roster, worktree } = answer
  const first = did === 'unchanged' ? `${name} is defined like that already` : `${name} ${did} ${PREPOSITION[did]} ${displaySafe(roster)}`
  const detail = outcome?.detail === null || outcome?.detail === undefined ? '' : ` (${displaySafe(outcome.detail)})`
  const ended = did === 'removed' && outcome?.did === 'unchanged'
  const second = outcome === null || ended ? '' : `; ${OUTCOME[outcome.did]}${detail}`
  const place = worktree === null ? '' : worktreeLines(worktree)
  const third = outcome === null && did !== 'unchanged' && hint !== '' ? `  ${hint}\n` : ''
  context.answer(answer, `${first}${second}\n${place}${third}`)
  return outcome?.did === 'failed' ? EXIT.notDone : EXIT.done
}
