/** `agent watch`: an agent's screen in the operator's terminal. It cannot type, does not resize, and leaves nothing behind. */

import type { ReadStream } from 'node:tty'
import { displaySafe } from '@mosaic/domain/display'
import { FleetError } from '@mosaic/domain/error'
import type { Tmux } from '../tmux/tmux.ts'
import { type Cell, parseScreen } from './cells.ts'
import { Painter } from './painter.ts'
import { endOf, ScreenFeed, type ScreenState } from './screen-feed.ts'
import { type EndSignal, type Key, type TerminalOutput, ViewerTerminal } from './viewer-terminal.ts'
import { followed, panned, type Size, type Viewport } from './viewport.ts'
import { Wakeup } from './wakeup.ts'

export interface WatchOptions {
  tmux: Tmux
  session: string
  stdin: ReadStream
  stdout: TerminalOutput
  /** Ends the watch. */
  signal?: AbortSignal
}

/** Why a watch ended. */
export type WatchEnd = 'quit' | 'aborted' | 'terminal-gone' | EndSignal

/** At most 30 pictures per second. */
const FRAME_MS = 33
/** A death that tmux missed is no event: looked for this often. */
const LOOK_MS = 1_000
/** How often a session that is gone is looked for again. */
const RETRY_MS = 500

const STEP: Readonly<Partial<Record<Key, { x: number; y: number }>>> = {
  up: { x: 0, y: -3 },
  down: { x: 0, y: 3 },
  left: { x: -8, y: 0 },
  right: { x: 8, y: 0 },
}

/**
 * Shows the agent's screen until the operator quits, the terminal is gone or the process is told to end. Follows the agent
 * over restarts. Handles SIGINT, SIGTERM, SIGHUP and SIGQUIT while it runs.
 * @throws FleetError `invalid` without a terminal, `not_done` when the agent has no session now
 */
export async function watchAgent(options: WatchOptions): Promise<WatchEnd> {
  if (!options.stdin.isTTY || !options.stdout.isTTY) {
    throw new FleetError('invalid', 'agent watch needs a terminal', { reason: 'no-terminal', mend: 'mosaic agent tail -f' })
  }
  const watch = new Watch(options)
  const feed = await ScreenFeed.open(options.tmux, options.session, watch.wake)
  return watch.run(feed)
}

class Watch {
  readonly #options: WatchOptions
  readonly #wakeup = new Wakeup()
  readonly #painter = new Painter()
  #view: Viewport = { x: 0, y: 0, following: true }
  #rows: Cell[][] = []
  #state: ScreenState | undefined
  #end: WatchEnd | undefined
  readonly #ended = Promise.withResolvers<undefined>()

  constructor(options: WatchOptions) {
    this.#options = options
  }

  readonly wake = (): void => this.#wakeup.wake()

  async run(first: ScreenFeed): Promise<WatchEnd> {
    const { stdin, stdout, signal } = this.#options
    const finish = (why: WatchEnd) => {
      this.#end ??= why
      this.#ended.resolve(undefined)
      this.wake()
    }
    const abort = () => finish('aborted')
    if (signal?.aborted) abort()
    signal?.addEventListener('abort', abort, { once: true })
    let feed: ScreenFeed | undefined = first
    const terminal = new ViewerTerminal(stdin, stdout, {
      key: (key) => this.#key(key, terminal, finish),
      resized: this.wake,
      ended: finish,
    })
    try {
      while (this.#end === undefined) {
        if (feed !== undefined) await this.#follow(feed, terminal)
        feed = this.#end === undefined ? await this.#reopen(terminal) : undefined
      }
      return this.#end
    } finally {
      terminal[Symbol.dispose]()
      signal?.removeEventListener('abort', abort)
      await feed?.close()
    }
  }

  /** Shows one incarnation until its session is gone. */
  async #follow(feed: ScreenFeed, terminal: ViewerTerminal): Promise<void> {
    let open = true
    void feed.closed.then(() => {
      open = false
      this.wake()
    })
    try {
      while (open && this.#end === undefined) {
        const started = performance.now()
        // A server that hangs does not keep the operator here.
        const reading = await Promise.race([feed.read({ escapes: true }).catch(() => undefined), this.#ended.promise])
        if (reading !== undefined) {
          this.#rows = parseScreen(reading.lines)
          this.#state = reading.state
          this.#paint(terminal, endOf(reading.state))
        }
        await this.#pause(started)
        if (open && this.#end === undefined) await this.#wakeup.wait(LOOK_MS)
      }
    } finally {
      await feed.close()
    }
  }

  /** Keeps pictures apart, but an end is not waited for. */
  async #pause(startedMs: number): Promise<void> {
    const leftMs = FRAME_MS - (performance.now() - startedMs)
    if (leftMs > 0 && this.#end === undefined) await new Promise((resolve) => setTimeout(resolve, leftMs))
  }

  /** The next incarnation, or `undefined` when there is none yet. */
  async #reopen(terminal: ViewerTerminal): Promise<ScreenFeed | undefined> {
    try {
      return await ScreenFeed.open(this.#options.tmux, this.#options.session, this.wake)
    } catch (error) {
      if (!(error instanceof FleetError) || error.code !== 'not_done') throw error
      this.#paint(terminal, 'no session: waits for it to start')
      await this.#wakeup.wait(RETRY_MS)
      return undefined
    }
  }

  #paint(terminal: ViewerTerminal, note: string | undefined): void {
    const size = terminal.size
    const shown = { columns: size.columns, rows: Math.max(1, size.rows - 1) }
    const state = this.#state
    if (state !== undefined) this.#view = followed(this.#view, state, { x: state.cursorX, y: state.cursorY }, shown)
    const cursor = state?.cursorVisible === true && note === undefined ? { x: state.cursorX, y: state.cursorY } : undefined
    const status = this.#status(note, shown)
    terminal.write(this.#painter.paint({ rows: this.#rows, view: this.#view, cursor, status }, size))
  }

  #status(note: string | undefined, shown: Size): string {
    const parts = [displaySafe(this.#options.session), ...(note === undefined ? [] : [note]), 'read-only', 'q quits']
    const state = this.#state
    if (state !== undefined) {
      parts.push(`${state.width}x${state.height}`)
      if (state.width > shown.columns || state.height > shown.rows) {
        parts.push(`from ${this.#view.x},${this.#view.y}`, this.#view.following ? 'arrows pan' : 'arrows pan, f follows')
      }
    }
    return ` ${parts.join(' · ')}`
  }

  #key(key: Key, terminal: ViewerTerminal, finish: (why: WatchEnd) => void): void {
    const step = STEP[key]
    if (key === 'quit') finish('quit')
    else if (key === 'interrupt') finish('SIGINT')
    else if (key === 'follow') this.#view = { ...this.#view, following: true }
    else if (step !== undefined && this.#state !== undefined) {
      const { columns, rows } = terminal.size
      this.#view = panned(this.#view, step, this.#state, { columns, rows: Math.max(1, rows - 1) })
    }
    this.wake()
  }
}
