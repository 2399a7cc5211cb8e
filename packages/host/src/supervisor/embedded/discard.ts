/** Removing what is left of an ended launch. */

import { FleetError } from '@mosaic/domain/error'
import type { SessionHost } from '@mosaic/domain/ports/session-host'
import type { AgentLife } from './agent-life.ts'
import { homeOfMark } from './mark.ts'
import { type ProcessName, sweep } from './sweep.ts'

export interface DiscardParts {
  host: SessionHost
  /** The home of the fleet, which its marks name. */
  home: string
  log(text: string): void
}

/**
 * Ends its kept pane, its children, and with `family` whatever was seen to descend from it.
 * @returns the refusal when a session of that name is not of this fleet; it is left alone
 * @throws when tmux cannot be asked; its processes are ended all the same
 */
export async function discard(parts: DiscardParts, life: AgentLife, family: readonly ProcessName[] = []): Promise<FleetError | undefined> {
  let foreign = false
  try {
    const pane = (await parts.host.list()).find((candidate) => candidate.session === life.name)
    foreign = pane !== undefined && homeOfMark(pane.mark) !== parts.home
    if (pane !== undefined && !foreign) await parts.host.kill(life.name)
  } finally {
    const killed = life.launchId === null ? 0 : await sweep(life.launchId, family)
    if (killed > 0) parts.log(`${life.name}: killed ${killed} processes that outlived their runtime`)
  }
  if (!foreign) return undefined
  return new FleetError('refused', `a session named ${life.name} exists and is not of this fleet`, {
    reason: 'foreign-session',
    mend: `end or rename it (tmux kill-session -t =${life.name}), or give this fleet a tmux socket of its own`,
  })
}
