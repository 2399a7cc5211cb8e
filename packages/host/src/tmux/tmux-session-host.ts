/** The session host on tmux. */

import { statSync } from 'node:fs'
import { FleetError } from '@mosaic/domain/error'
import type { PaneState, PasteResult, SessionHost, SessionSpec, SubmitKey } from '@mosaic/domain/ports/session-host'
import { onPath } from '../files/executable.ts'
import { processState } from '../processes.ts'
import { Holder } from './holder.ts'
import { PANE_FORMAT, parsePanes } from './pane-format.ts'
import { pasteAndSend, sweepPasteBuffers } from './paste.ts'
import { createCommands, HISTORY_LINES } from './session-recipe.ts'
import { startError } from './start-error.ts'
import { paneTarget, sessionTarget, type Tmux, type TmuxCommand } from './tmux.ts'
import { type TmuxFailure, tmuxError } from './tmux-failure.ts'

/** How often a creation is tried again when a dying server took it along. */
const CREATE_ATTEMPTS = 5
/** How often tmux is made to look for children whose death it missed, within one `list`. */
const REAP_ROUNDS = 3
const REAP_PAUSE_MS = 15

const LIST = ['list-panes', '-a', '-F', PANE_FORMAT] as const

export class TmuxSessionHost implements SessionHost {
  readonly #tmux: Tmux
  readonly #holder: Holder
  #swept: Promise<void> | undefined
  /** Panes whose process lives on without its terminal; nothing is to be waited for. */
  #leftTerminal = new Set<string>()

  constructor(tmux: Tmux, holderSession: string) {
    this.#tmux = tmux
    this.#holder = new Holder(tmux, holderSession)
  }

  /** Starts the server with its holder session, unless they are there, and removes what a killed sender left in it. */
  async open(): Promise<void> {
    await this.#holder.ensure()
    this.#swept ??= sweepPasteBuffers(this.#tmux)
    await this.#swept
  }

  /** The holder's own pane is left out. */
  async list(): Promise<PaneState[]> {
    let panes = await listPanes(this.#tmux)
    for (let round = 0; round < REAP_ROUNDS && panes.some(this.#isDeathUntold); round += 1) {
      if (round > 0) await new Promise((resolve) => setTimeout(resolve, REAP_PAUSE_MS))
      // tmux can miss a child's end. The end of this one makes it look at all of them.
      panes = await listPanes(this.#tmux, ['run-shell', 'true'])
    }
    this.#leftTerminal = new Set(panes.filter(this.#isDeathUntold).map((pane) => pane.paneId))
    return panes.filter((pane) => pane.session !== this.#holder.session)
  }

  /** Dead by its terminal, but tmux does not know how, and the process waits for that or is only just ending. */
  readonly #isDeathUntold = ({ alive, exitStatus, exitSignal, pid, paneId }: PaneState): boolean => {
    if (alive || exitStatus !== null || exitSignal !== null) return false
    const state = processState(pid)
    return state === 'zombie' || (state === 'running' && !this.#leftTerminal.has(paneId))
  }

  async create(spec: SessionSpec): Promise<PaneState> {
    this.#assertCreatable(spec)
    const what = `cannot start session ${spec.session}`
    for (let attempt = 1; ; attempt += 1) {
      const { stdout, failure } = await this.#tmux.run(createCommands(spec, this.#holder.session))
      if (failure === undefined) return started(stdout, what)
      if (failure.kind === 'duplicate') throw tmuxError(failure, what)
      if (attempt === CREATE_ATTEMPTS || !this.#lacksServer(failure)) {
        if (failure.kind === 'other') await this.#removeHalfMade(spec)
        throw startError(failure, what)
      }
      await this.open()
    }
  }

  #lacksServer({ kind, text }: TmuxFailure): boolean {
    return kind === 'absent' || kind === 'dying' || (kind === 'no-target' && text.endsWith(`: ${this.#holder.session}`))
  }

  #assertCreatable({ session, argv, cwd }: SessionSpec): void {
    const [program] = argv
    if (program === undefined || program === '') throw new FleetError('invalid', `no command for session ${session}`)
    if (session === this.#holder.session) throw new FleetError('invalid', `${session} is the name of the holder session`)
    if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true) {
      throw new FleetError('not_done', `${session}: no such directory: ${cwd}`, { reason: 'no-directory', mend: `mkdir -p ${cwd}` })
    }
    if (onPath(program, process.env['PATH']) === undefined) {
      throw new FleetError('not_done', `${session}: cannot run ${program}`, { reason: 'no-program', mend: 'install it, or mend its path' })
    }
  }

  /** Only a session with this very mark can be what a failed creation left. */
  async #removeHalfMade({ session, mark }: SessionSpec): Promise<void> {
    const left = (await this.list()).find((pane) => pane.session === session && pane.mark === mark)
    if (left !== undefined) await this.kill(session)
  }

  async kill(session: string): Promise<boolean> {
    if (session === this.#holder.session) throw new FleetError('invalid', `${session} is the holder session`)
    const { failure } = await this.#tmux.run([['kill-session', '-t', sessionTarget(session)]])
    if (failure === undefined) return true
    if (failure.kind === 'other') throw tmuxError(failure, `cannot end session ${session}`)
    return false
  }

  async paste(session: string, sessionId: string, text: string, key: SubmitKey = 'Enter', pid?: number): Promise<PasteResult> {
    return pasteAndSend(this.#tmux, { session, sessionId, pid }, text, key)
  }

  async capture(session: string, options: { historyLines?: number; escapes?: boolean } = {}): Promise<string> {
    const { historyLines = 0, escapes = false } = options
    const lines = Math.min(HISTORY_LINES, Math.max(0, Math.floor(historyLines)))
    const { stdout, failure } = await this.#tmux.run([
      ['capture-pane', '-p', '-t', paneTarget(session), ...(escapes ? ['-e'] : []), ...(lines > 0 ? ['-S', String(-lines)] : [])],
    ])
    if (failure !== undefined) throw tmuxError(failure, `cannot read the screen of ${session}`)
    return stdout
  }

  async close(): Promise<void> {
    await this.#holder.close()
  }
}

/**
 * Every pane of the server, after `first` has been done; none where no server is, nor on one about to exit: without a
 * session left, tmux finds "no current target". @throws FleetError when it does not tell
 */
export async function listPanes(tmux: Tmux, ...first: readonly TmuxCommand[]): Promise<PaneState[]> {
  const { stdout, failure } = await tmux.run([...first, LIST])
  if (failure === undefined) return parsePanes(stdout, Date.now())
  if (['absent', 'dying', 'no-target'].includes(failure.kind)) return []
  throw tmuxError(failure, 'cannot list sessions')
}

function started(stdout: string, what: string): PaneState {
  const [pane] = parsePanes(stdout, Date.now())
  if (pane !== undefined) return pane
  throw new FleetError('not_done', `${what}: tmux made no pane`)
}
