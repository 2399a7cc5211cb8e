/** Whether anything of a fleet lives on a tmux socket. */

import type { FleetDefinition } from '@mosaic/domain/agent'
import { homeOfMark } from './supervisor/embedded/mark.ts'
import { holderHome } from './tmux/holder.ts'
import { Tmux } from './tmux/tmux.ts'
import { listPanes } from './tmux/tmux-session-host.ts'

/** How long tmux may take to answer, milliseconds. */
const WITHIN_MS = 4_000

/** A session with the home's mark, or its holder. A server that does not tell may have some. */
export async function fleetLivesAt(
  home: string,
  { socketName, holderSession }: Pick<FleetDefinition, 'socketName' | 'holderSession'>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<boolean> {
  const tmux = new Tmux({ socketName, env, timeoutMs: WITHIN_MS })
  try {
    if ((await holderHome(tmux, holderSession)) === home) return true
    return (await listPanes(tmux)).some(({ mark }) => homeOfMark(mark) === home)
  } catch {
    return true
  }
}
