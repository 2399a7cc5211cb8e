/** The holder: the session that starts the server of a fleet, keeps it, and ends it. */

import { rmSync } from 'node:fs'
import { connect } from 'node:net'
import { FleetError } from '@mosaic/domain/error'
import { processState } from '../processes.ts'
import { FIELD_SEPARATOR, MARK_OPTION } from './pane-format.ts'
import { guardedName, IDLE_ARGV } from './session-recipe.ts'
import { startError } from './start-error.ts'
import { sessionTarget, type Tmux, type TmuxCommand } from './tmux.ts'

/** Said by the server when it keeps the holder. */
const KEPT = 'mosaic:kept'
/** How long a dying server may stand in the way of its successor, or take to end, milliseconds. */
const SERVER_CHANGE_MS = 10_000

/** On the holder session it tells whose it is. */
const HOME_VARIABLE = 'MOSAIC_HOME'

/** The home whose fleet has this holder; `undefined` when there is none, or nobody's. */
export async function holderHome(tmux: Tmux, holderSession: string): Promise<string | undefined> {
  const { stdout, failure } = await tmux.run([['show-environment', '-t', sessionTarget(holderSession), HOME_VARIABLE]])
  return failure === undefined ? stdout.trimEnd().slice(`${HOME_VARIABLE}=`.length) : undefined
}

const pause = (delayMs: number) => new Promise((resolve) => setTimeout(resolve, delayMs))

export class Holder {
  readonly session: string
  readonly #tmux: Tmux

  constructor(tmux: Tmux, session: string) {
    this.#tmux = tmux
    this.session = session
  }

  /** Makes sure that the server and its holder session are there. Any number of callers and processes may do so at once. */
  async ensure(): Promise<void> {
    await this.#tmux.version()
    const end = performance.now() + SERVER_CHANGE_MS
    for (let delayMs = 5; ; delayMs = Math.min(200, delayMs * 2)) {
      const { failure } = await this.#tmux.run(this.#startCommands(), { startServer: true })
      if (failure === undefined || failure.kind === 'duplicate') return
      // A server on its way out takes its last callers with it; the next one gets a new server.
      const passing = failure.kind === 'dying' || failure.kind === 'absent'
      if (!passing || performance.now() > end) throw startError(failure, `cannot start the tmux server (${this.#tmux.socketPath})`)
      await pause(delayMs)
    }
  }

  #startCommands(): TmuxCommand[] {
    const target = sessionTarget(this.session)
    return [
      ['new-session', '-d', '-s', guardedName(this.session), '-x', '80', '-y', '24', '-c', '/', '--', ...IDLE_ARGV],
      ['set-option', '-t', target, 'status', 'off'],
      // The session outlives its process, so that no stray signal ends the server.
      ['set-option', '-w', '-t', target, 'remain-on-exit', 'on'],
    ]
  }

  /**
   * Ends the holder when no session of a fleet is left, and with it the server unless somebody else has sessions there.
   * Returns once that server is gone and its socket's file too.
   */
  async close(): Promise<void> {
    const target = sessionTarget(this.session)
    const ours = `#{S:#{?#{==:#{session_name},${this.session}},,#{?#{!=:#{${MARK_OPTION}},},x,}}}`
    const sep = FIELD_SEPARATOR
    // Asked first: a server that ends takes along what it was about to answer.
    const { stdout, failure } = await this.#tmux.run([['display-message', '-p', `#{pid}${sep}#{exit-empty}${sep}#{S:x}`]])
    if (failure?.kind === 'absent') return this.#removeStaleSocket()
    const [pid = '', exitEmpty = '', sessions = ''] = stdout.trimEnd().split(sep)
    const ended = await this.#tmux.run([['if-shell', '-F', ours, `display-message -p ${KEPT}`, `kill-session -t '${target}'`]])
    if (ended.stdout.includes(KEPT) || pid === '') return
    if (sessions.length > 1 || exitEmpty !== '1') return
    await this.#serverGone(Number(pid))
    await this.#removeStaleSocket()
  }

  async #serverGone(pid: number): Promise<void> {
    const end = performance.now() + SERVER_CHANGE_MS
    while (processState(pid) === 'running') {
      if (performance.now() > end) {
        throw new FleetError('not_done', `the tmux server (process ${pid}) does not end`, { reason: 'tmux-hung', mend: `kill -9 ${pid}` })
      }
      await pause(10)
    }
  }

  /** tmux leaves the file of its socket behind. Only a named socket's is ours to remove, and only when nobody listens. */
  async #removeStaleSocket(): Promise<void> {
    if (this.#tmux.socketName === undefined) return
    const path = this.#tmux.socketPath
    if ((await knock(path)) === 'ECONNREFUSED') rmSync(path, { force: true })
    // What several starters at the same moment leave.
    rmSync(`${path}.lock`, { force: true })
  }
}

/** Why nobody answers at a socket, or `undefined` when somebody does. */
function knock(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(undefined)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
  })
}
