/** What one would write first for `fleet ps`: ask tmux and ps about each agent by itself, four processes per agent. */

import { execFileSync } from 'node:child_process'

export interface NaiveRow {
  name: string
  pid: string
  screen: string
  state: string
}

/** One agent after the other. @throws Error when one of them is not there */
export function naiveJoin(socket: string, names: readonly string[]): NaiveRow[] {
  const tmux = (...args: string[]) => execFileSync('tmux', ['-L', socket, ...args], { encoding: 'utf8' })
  return names.map((name) => {
    tmux('has-session', '-t', `=${name}`)
    const pid = tmux('list-panes', '-t', `=${name}:`, '-F', '#{pane_pid}').trim()
    const screen = tmux('capture-pane', '-p', '-t', `=${name}:`)
    const state = execFileSync('ps', ['-o', 'stat=', '-p', pid], { encoding: 'utf8' }).trim()
    return { name, pid, screen, state }
  })
}
