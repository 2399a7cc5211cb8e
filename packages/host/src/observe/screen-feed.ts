/**
 * The screen of one agent, and a word when it changed: a control client of its own on the agent's session, which sends a
 * fixed list of commands that read. A pane is paused as soon as it said something and let go on with the next reading, so
 * that an agent that floods its terminal is not slowed and floods nobody.
 */

import { FleetError } from '@mosaic/domain/error'
import { ControlConnection } from '../tmux/control-connection.ts'
import { paneTarget, type Tmux } from '../tmux/tmux.ts'
import { NO_SESSION } from '../tmux/tmux-failure.ts'
import { notRunning } from './not-running.ts'

export interface ScreenState {
  width: number
  height: number
  cursorX: number
  cursorY: number
  cursorVisible: boolean
  dead: boolean
  exitStatus: number | null
  exitSignal: number | null
  /** A full-screen program: what is seen has no scroll-back. */
  alternate: boolean
  /** Lines of scroll-back. */
  historySize: number
}

export interface ScreenReading {
  state: ScreenState
  /** Scroll-back as asked for, then the screen. */
  lines: readonly string[]
}

const FORMAT = [
  'pane_width',
  'pane_height',
  'cursor_x',
  'cursor_y',
  'cursor_flag',
  'pane_dead',
  'pane_dead_status',
  'pane_dead_signal',
  'alternate_on',
  'history_size',
]
  .map((name) => `#{${name}}`)
  .join(' ')

/** `read-only` blocks nothing for a control client (what it sends is fixed here), but tells an operator what this client is. */
const FLAGS = ['read-only', 'ignore-size', 'pause-after=1']

/** How often, over the life of a feed, tmux is made to look for a child whose end it missed, and how far apart, milliseconds. */
const MAX_REAPS = 10
const REAP_PAUSE_MS = 25

const isUntold = ({ dead, exitStatus, exitSignal }: ScreenState): boolean => dead && exitStatus === null && exitSignal === null

const WAKING = new Set(['output', 'extended-output', 'window-renamed', 'layout-change'])

export class ScreenFeed {
  readonly #connection: ControlConnection
  readonly #pane: string
  #paused = false
  #reaps = 0

  private constructor(connection: ControlConnection, pane: string) {
    this.#connection = connection
    this.#pane = pane
  }

  /**
   * @param onChange called at most once for new output until the next `read` or `rearm`
   * @throws FleetError `not_done` when the agent has no session
   */
  static async open(tmux: Tmux, session: string, onChange: () => void): Promise<ScreenFeed> {
    const connection = await ControlConnection.open(tmux, session, FLAGS).catch((error: unknown) => {
      throw notRunning(session, error)
    })
    try {
      const [[ids = ''] = []] = await connection.send({
        command: ['display-message', '-p', '-t', paneTarget(session), '#{pane_id} #{session_id}'],
      })
      const [pane = '', sessionId = ''] = ids.split(' ')
      if (!pane.startsWith('%')) throw new FleetError('not_done', `session ${session} has no pane`, { reason: NO_SESSION })
      const feed = new ScreenFeed(connection, pane)
      connection.listen((name, rest) => {
        // Where the operator's tmux does not detach when a session ends, it moves the client to another one.
        if (name === 'session-changed' && !rest.startsWith(`${sessionId} `)) void feed.close()
        else if (WAKING.has(name)) feed.#noticed(name, rest, onChange)
      })
      return feed
    } catch (error) {
      await connection.close()
      throw notRunning(session, error)
    }
  }

  /** Settles when the session, or the server, is gone. */
  get closed(): Promise<string> {
    return this.#connection.closed
  }

  /** State and text of one moment. @param options.historyLines lines of scroll-back, at most */
  async read(options: { escapes?: boolean; historyLines?: number } = {}): Promise<ScreenReading> {
    const { escapes = false, historyLines = 0 } = options
    const start = historyLines > 0 ? ['-S', String(-historyLines)] : []
    const style = escapes ? ['-e', '-N'] : []
    this.#paused = false
    const [, state = [], lines = []] = await this.#connection.send(
      { command: ['refresh-client', '-A', `${this.#pane}:continue`] },
      { command: ['display-message', '-p', '-t', this.#pane, FORMAT] },
      {
        command: ['capture-pane', '-p', '-t', this.#pane, ...style, ...start],
        atLeastLines: ([, earlier = []]) => {
          const { height, historySize } = parseState(earlier)
          return height + Math.min(historyLines, historySize)
        },
      },
    )
    return { state: await this.#withEnd(parseState(state)), lines }
  }

  /**
   * tmux can miss a child's end and then never tells how it went. The end of another child makes it look at all of them.
   * A process that only left its terminal has no end to tell, so this is not tried for ever.
   */
  async #withEnd(seen: ScreenState): Promise<ScreenState> {
    let state = seen
    for (let round = 0; isUntold(state) && this.#reaps < MAX_REAPS; round += 1, this.#reaps += 1) {
      // Its terminal is closed a moment before its process has ended.
      if (round > 0) await new Promise((resolve) => setTimeout(resolve, REAP_PAUSE_MS))
      const [, told = []] = await this.#connection.send(
        { command: ['run-shell', 'true'] },
        { command: ['display-message', '-p', '-t', this.#pane, FORMAT] },
      )
      const { exitStatus, exitSignal } = parseState(told)
      state = { ...seen, exitStatus, exitSignal }
    }
    return state
  }

  /** From now on the next change is told, without a reading. */
  async rearm(): Promise<void> {
    this.#paused = false
    await this.#connection.send({ command: ['refresh-client', '-A', `${this.#pane}:continue`] })
  }

  async close(): Promise<void> {
    await this.#connection.close()
  }

  #noticed(name: string, rest: string, onChange: () => void): void {
    if (name.endsWith('output')) {
      const pane = rest.slice(0, rest.indexOf(' '))
      if (pane !== this.#pane) this.#quiet(pane, 'off')
      if (pane !== this.#pane || this.#paused) return
      this.#paused = true
      this.#quiet(pane, 'pause')
    }
    onChange()
  }

  #quiet(pane: string, how: 'off' | 'pause'): void {
    // A pane that is gone meanwhile says nothing more.
    this.#connection.send({ command: ['refresh-client', '-A', `${pane}:${how}`] }).catch(() => {})
  }
}

function parseState([line = '']: readonly string[]): ScreenState {
  const [width, height, cursorX, cursorY, cursor, dead, status, signal, alternate, history] = line.split(' ')
  const code = (text: string | undefined) => (text === undefined || text === '' ? null : Number(text))
  return {
    width: Number(width),
    height: Number(height),
    cursorX: Number(cursorX),
    cursorY: Number(cursorY),
    cursorVisible: cursor === '1',
    dead: dead === '1',
    exitStatus: code(status),
    exitSignal: code(signal),
    alternate: alternate === '1',
    historySize: Number(history),
  }
}

/** How a program ended, in words; `undefined` while it runs. */
export function endOf(state: ScreenState): string | undefined {
  if (!state.dead) return undefined
  if (state.exitSignal !== null) return `ended (signal ${state.exitSignal})`
  return state.exitStatus === null ? 'ended' : `ended (exit ${state.exitStatus})`
}
