/** The mark on a session: whose it is (the fleet's home, so that two fleets on one socket never take each other's) and of which launch. */

import type { PaneState } from '@mosaic/domain/ports/session-host'

/** A launch id has no `#`; a home may. */
export const markOf = (home: string, launchId: string): string => `${home}#${launchId}`

/** The home of the fleet that made the session; `undefined` when no fleet did. */
export function homeOfMark(mark: string): string | undefined {
  const end = mark.lastIndexOf('#')
  return end === -1 ? undefined : mark.slice(0, end)
}

export const launchIdOfMark = (mark: string): string => mark.slice(mark.lastIndexOf('#') + 1)

/** The pane of exactly this launch. */
export function ownPane(
  home: string,
  life: { readonly name: string; readonly launchId: string | null },
  panes: readonly PaneState[],
): PaneState | undefined {
  const mark = life.launchId === null ? undefined : markOf(home, life.launchId)
  return panes.find((pane) => pane.session === life.name && pane.mark === mark)
}
