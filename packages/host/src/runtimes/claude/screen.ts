/** What Claude Code's screen shows. Only an empty composer is ever typed into, so whatever is not known holds a message back. */

import type { Classified } from '@mosaic/domain/screen-rules'
import { composerOn } from './composer.ts'

/** Below the composer while it works, or right above it: `✻ Baking… (3s · ↓ 2 tokens)`, `✻ 429 ... · retrying in 4s · attempt 4/10`. */
const WORKS = /\besc to interrupt\b|^\S \S+… \(|^\S .* · retrying in /
/** A dialog takes the composer's place. */
const ASKS = /^\s*(?:Esc to cancel|Enter to (?:confirm|select|continue))\b|^\s*❯ 1\. /
/** Lines from the end that are looked at for its work: what stands above is the conversation, which can say anything. */
const NEAR = 12

/** Where its work stands. */
export const linesNearComposer = (screen: string): string[] => screen.trimEnd().split('\n').slice(-NEAR)

const lineWith = (lines: readonly string[], sign: RegExp): string | undefined => lines.findLast((line) => sign.test(line))?.trim()

export function claudeScreen(screen: string): Classified {
  const composer = composerOn(screen)
  if (!composer.shown) {
    const question = lineWith(screen.split('\n'), ASKS)
    return question === undefined ? { activity: 'unknown', line: null } : { activity: 'waiting', line: question }
  }
  if (composer.text !== '') return { activity: 'draft', line: composer.text.split('\n', 1)[0] ?? null }
  const work = lineWith(linesNearComposer(screen), WORKS)
  return work === undefined ? { activity: 'idle', line: null } : { activity: 'busy', line: work }
}
