/** Why a model call of Claude Code failed, in the fleet's words. */

import type { SignalBody } from '@mosaic/domain/signal'
import { linesNearComposer } from './screen.ts'

export type ErrorSignal = Extract<SignalBody, { kind: 'error' }>

/** Its own words in transcripts and hooks. */
const REASONS: Readonly<Record<string, string>> = {
  authentication_failed: 'logged-out',
  oauth_org_not_allowed: 'logged-out',
  billing_error: 'rate-limited',
  rate_limit: 'rate-limited',
  overloaded: 'rate-limited',
}

function reasonOf(error: string, detail: string): string {
  const known = REASONS[error]
  if (known !== undefined) return known
  if (/\/login|\b401\b|\b403\b|authentication|logged out/i.test(detail)) return 'logged-out'
  if (/\b429\b|\b529\b|rate.?limit|overloaded|usage limit|hit your limit/i.test(detail)) return 'rate-limited'
  return /connect|network|socket|timed? ?out|ECONN|EAI_AGAIN|ENOTFOUND/i.test(detail) ? 'offline' : 'model'
}

/** @param until when it goes on, epoch milliseconds */
export const errorSignal = (error: string, detail: string, until: number | null = null): ErrorSignal => ({
  kind: 'error',
  reason: reasonOf(error, detail),
  detail: detail === '' ? error || 'the model call failed' : detail,
  until,
})

/** `✻ 401 invalid x-api-key · retrying in 4s · attempt 4/10`: said on the screen alone. What is said in the conversation begins with `●` or `❯`, or with blanks. */
const RETRYING = /^[^\s●❯]\s+(.+?)\s+·\s+retrying in (?:(\d+)m)?\s*(?:(\d+)s)?\s+·\s+attempt (\d+)\/(\d+)/

const TOLD_AFTER = 4

/** The retry that stands on a screen. */
export function retryOn(screen: string, nowMs: number): ErrorSignal | undefined {
  const line = linesNearComposer(screen).findLast((text) => RETRYING.test(text)) ?? ''
  const [, why, minutes = '0', seconds = '0', attempt, of] = RETRYING.exec(line) ?? []
  // The first attempts are told without a reason.
  if (why === undefined || (why === 'API error' && Number(attempt) < TOLD_AFTER)) return undefined
  const until = nowMs + (Number(minutes) * 60 + Number(seconds)) * 1000
  const signal = errorSignal('', why, until)
  return { ...signal, detail: `${why} (it tries again: attempt ${attempt} of ${of})` }
}
