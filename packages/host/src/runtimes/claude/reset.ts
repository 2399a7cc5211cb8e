/** `/clear`: an empty conversation in the same Claude Code. */

import type { ResetResult } from '@mosaic/domain/ports/runtime'
import type { ClaudeStatus } from './status-file.ts'
import type { Typing } from './typing.ts'
import type { ClaudeVoice } from './voice.ts'

/** How long a reset may take, milliseconds. */
const RESET_MS = 15_000
const LOOK_MS = 50

export interface ResetParts {
  status(): ClaudeStatus | undefined
  voice: ClaudeVoice
  typing: Typing
  type(text: string): Promise<boolean>
}

const aMoment = () => new Promise((resolve) => setTimeout(resolve, LOOK_MS))

/** Nothing else may be typed until it has ended: what comes in its midst would stand in the composer beside the command, or go with the old conversation. */
export async function resetClaude({ status, voice, typing, type }: ResetParts): Promise<ResetResult> {
  // What was taken a moment ago makes it busy soon, or is over at once.
  while (voice.isBeginning(status())) await aMoment()
  const before = status()
  if (before === undefined || before.status === 'waiting') return 'failed'
  // Typed now it would wait for the end of the turn, behind all that waits already.
  if (before.status === 'busy') return 'none'
  if (!(await typing.command(() => type('/clear')))) return 'failed'
  for (const end = performance.now() + RESET_MS; performance.now() < end; await aMoment()) {
    const now = status()
    if (now !== undefined && now.sessionId !== before.sessionId && now.status === 'idle') return 'done'
  }
  return 'failed'
}
