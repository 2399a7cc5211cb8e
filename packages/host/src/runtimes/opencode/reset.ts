/** A new conversation in the same process. */

import type { ResetResult } from '@mosaic/domain/ports/runtime'
import { carryOver } from './deliver.ts'
import type { Live } from './live.ts'
import { trailingUserMessages } from './unfinished.ts'

/** How long the end of a turn that was broken off is waited for, and the pause between two looks, milliseconds. */
const ABORT_MS = 10_000
const LOOK_MS = 50
const NEWEST = 50

export const titleOf = (name: string): string => `Mosaic ${name}`

async function breakOff(live: Live, sessionID: string): Promise<boolean> {
  const end = performance.now() + ABORT_MS
  let aborted = false
  while (performance.now() < end) {
    const busy = await live.api.busy()
    if (busy === undefined) return false
    if (!busy.has(sessionID)) return true
    if (!aborted) aborted = await live.api.abort(sessionID)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  return false
}

/** What waits behind a turn is worked off in the new conversation; an open question stays open, and nothing is reset. */
export async function resetConversation(live: Live): Promise<ResetResult> {
  const { api, record } = live
  const old = record.current
  if (!live.ready || old === undefined) return 'failed'
  const pending = await api.pending()
  if (pending === undefined || pending.length > 0) return 'failed'
  if (!(await breakOff(live, old))) return 'failed'
  const messages = await api.newest(old, NEWEST)
  if (messages === undefined) return 'failed'
  const fresh = await api.create(titleOf(live.parts.agent.name))
  if (fresh === undefined) return 'failed'
  live.enter(fresh)
  await api.show(fresh)
  await carryOver(live, trailingUserMessages(messages))
  return 'done'
}
