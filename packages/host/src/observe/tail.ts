/** `agent tail`: the text of an agent's screen, also of a full-screen program's, and what is added to it. */

import type { Writable } from 'node:stream'
import { displaySafeText } from '@mosaic/domain/display'
import type { Tmux } from '../tmux/tmux.ts'
import { withoutBlankEnd } from './line-diff.ts'
import { endOf, ScreenFeed, type ScreenReading } from './screen-feed.ts'
import { ScreenLog } from './screen-log.ts'
import { Wakeup } from './wakeup.ts'

export interface TailOptions {
  tmux: Tmux
  session: string
  /** How many of the last lines; more than the screen has come from the scroll-back. */
  lines: number
  /** Goes on with new lines as they come. */
  follow: boolean
  stdout: Writable
  /** Ends the following. */
  signal?: AbortSignal
}

export interface TailEnd {
  why: 'printed' | 'aborted' | 'session-ended' | 'output-closed'
  /** How the agent's program ended, in words, where it did. */
  detail: string | undefined
}

/** A program that said nothing for so long has said something whole. */
const SETTLE_MS = 150
/** One that never pauses is read at least this often. */
const MAX_WAIT_MS = 500
/** A program that is printing is asked this often whether it still is. */
const AGAIN_MS = 25
/** A death that tmux missed is no event: looked for this often. */
const LOOK_MS = 1_000

/** @throws FleetError `not_done` when the agent has no session */
export async function tailAgent(options: TailOptions): Promise<TailEnd> {
  const wakeup = new Wakeup()
  const wake = () => wakeup.wake()
  const feed = await ScreenFeed.open(options.tmux, options.session, wake)
  const tail = new Tail(options, feed, wakeup)
  const close = () => tail.stop('output-closed')
  const abort = () => tail.stop('aborted')
  options.stdout.on('error', close).on('close', close)
  options.signal?.addEventListener('abort', abort, { once: true })
  if (options.signal?.aborted) abort()
  try {
    return await tail.run()
  } finally {
    // The listener for errors stays: what was written may still fail.
    options.stdout.off('close', close)
    options.signal?.removeEventListener('abort', abort)
    await feed.close()
  }
}

class Tail {
  readonly #options: TailOptions
  readonly #feed: ScreenFeed
  readonly #wakeup: Wakeup
  readonly #log = new ScreenLog()
  readonly #stopped = Promise.withResolvers<undefined>()
  #why: TailEnd['why'] | undefined

  constructor(options: TailOptions, feed: ScreenFeed, wakeup: Wakeup) {
    this.#options = options
    this.#feed = feed
    this.#wakeup = wakeup
    void feed.closed.then(() => this.stop('session-ended'))
  }

  stop(why: TailEnd['why']): void {
    this.#why ??= why
    this.#stopped.resolve(undefined)
    this.#wakeup.wake()
  }

  async run(): Promise<TailEnd> {
    const { lines, follow } = this.#options
    const first = await this.#read(Math.max(0, Math.floor(lines)))
    if (first === undefined) return { why: this.#why ?? 'session-ended', detail: undefined }
    const { state } = first
    const text = state.alternate ? first.lines.slice(-state.height) : first.lines
    const shown = withoutBlankEnd(text)
    await this.#print(shown.slice(Math.max(0, shown.length - lines)))
    this.#log.skip(first)
    if (!follow) return { why: 'printed', detail: endOf(state) }
    return this.#follow(endOf(state))
  }

  async #follow(first: string | undefined): Promise<TailEnd> {
    let detail = first
    while (this.#why === undefined && detail === undefined) {
      const settled = await this.#nextMoment()
      const reading = await this.#readOn()
      if (reading === undefined) continue
      detail = endOf(reading.state)
      await this.#print(this.#log.update(reading, settled || detail !== undefined))
      // A line that was left out is read once the program pauses.
      if (!settled) this.#wakeup.wake()
    }
    return { why: this.#why ?? 'session-ended', detail }
  }

  /** Waits until there is something to read; true when the program has paused. */
  async #nextMoment(): Promise<boolean> {
    if (!(await this.#wakeup.wait(LOOK_MS))) return true
    const end = performance.now() + MAX_WAIT_MS
    while (this.#why === undefined && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
      await Promise.race([this.#feed.rearm().catch(() => {}), this.#stopped.promise])
      if (!(await this.#wakeup.wait(SETTLE_MS))) return true
    }
    return false
  }

  /** A reading that reaches back to what was read last. */
  async #readOn(): Promise<ScreenReading | undefined> {
    const peek = await this.#read(0)
    if (peek === undefined) return undefined
    for (let needed = this.#log.historyNeeded(peek.state), reading: ScreenReading | undefined = peek; ; ) {
      if (needed === 0) return reading
      // What comes in between these two readings is reached too; a flood needs another one.
      const reach: number = needed * 2 + 500
      reading = await this.#read(reach)
      if (reading === undefined) return undefined
      needed = this.#log.historyNeeded(reading.state)
      if (needed <= reach) return reading
    }
  }

  #read(historyLines: number): Promise<ScreenReading | undefined> {
    return Promise.race([this.#feed.read({ historyLines }).catch(() => undefined), this.#stopped.promise])
  }

  /** Waits for a reader that is slower than the agent. */
  async #print(lines: readonly string[]): Promise<void> {
    const { stdout } = this.#options
    if (lines.length === 0 || this.#why === 'output-closed') return
    if (stdout.write(`${lines.map(displaySafeText).join('\n')}\n`)) return
    const drained = new Promise<void>((resolve) => stdout.once('drain', resolve))
    await Promise.race([drained, this.#stopped.promise])
  }
}
