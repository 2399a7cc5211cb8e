/** Which tmux is good enough. */

import { FleetError } from '@mosaic/domain/error'

/** The oldest release with `-N`, client flags and `run-shell -C`. */
export const MIN_TMUX_VERSION = '3.2'

/** `[3, 3]` of `tmux 3.3a`; `undefined` for a build that carries no number (`tmux master`). */
export function parseTmuxVersion(text: string): readonly [number, number] | undefined {
  const match = /(\d+)\.(\d+)/.exec(text)
  return match === null ? undefined : [Number(match[1]), Number(match[2])]
}

/**
 * @param text output of `tmux -V`. A build without a number is newer than any release and passes.
 * @throws FleetError `missing` when it is older than `MIN_TMUX_VERSION`
 */
export function assertTmuxVersion(text: string): void {
  const found = parseTmuxVersion(text)
  const [major, minor] = parseTmuxVersion(MIN_TMUX_VERSION) ?? [0, 0]
  if (found === undefined || found[0] > major || (found[0] === major && found[1] >= minor)) return
  throw new FleetError('missing', `${text.trim()} is too old: tmux ${MIN_TMUX_VERSION} or newer is needed`, {
    reason: 'tmux-too-old',
    mend: 'apt-get install tmux (or build a newer one)',
  })
}
