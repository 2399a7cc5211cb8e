/** Sees deaths: what is believed to be up is compared with the session host's panes when something says so, and now and then. */

import type { Clock } from '@mosaic/domain/ports/clock'
import type { PaneState, SessionHost } from '@mosaic/domain/ports/session-host'
import type { MosaicPaths } from '../../paths.ts'
import { processState } from '../../processes.ts'
import { type AgentLife, exitWords } from './agent-life.ts'
import { ownPane } from './mark.ts'
import { isSame } from './sweep.ts'

/** The net under the events: how often sessions are compared with what is believed, milliseconds. */
const RECONCILE_MS = 5_000
/** How often, and how far apart in milliseconds, tmux is asked about a process that the kernel has ended. */
const SUSPECT_LOOKS = 50
const SUSPECT_PAUSE_MS = 20
/** How long tmux may take to learn how a process ended whose terminal it saw close, and how often it is asked, milliseconds. */
const UNTOLD_MS = 3_000
const UNTOLD_PAUSE_MS = 25

export interface DeathSightParts {
  paths: MosaicPaths
  host: SessionHost
  clock: Clock
  lives(): Iterable<AgentLife>
  /** @param serverGone nothing is left on the session host, so that it was no fault of the runtime */
  died(life: AgentLife, exit: string, lastScreen: string, serverGone: boolean): void
  log(text: string): void
}

export class DeathSight implements Disposable {
  readonly #parts: DeathSightParts
  #cancelNext: () => void = () => {}
  #cancelSoon: () => void = () => {}
  #closed = false
  #looking: Promise<void> | undefined
  #again = false

  constructor(parts: DeathSightParts) {
    this.#parts = parts
  }

  /** Compares now. Calls that come meanwhile are joined. */
  look(): Promise<void> {
    if (this.#looking !== undefined) {
      this.#again = true
      return this.#looking
    }
    this.#looking = (async () => {
      do {
        this.#again = false
        await this.#compare().catch((error: unknown) => this.#parts.log(`reconcile: ${(error as Error).message}`))
      } while (this.#again)
      this.#looking = undefined
    })()
    return this.#looking
  }

  /** From now on also without being told. */
  arm(): void {
    this.#cancelNext = this.#parts.clock.after(RECONCILE_MS, () => {
      void this.look().finally(() => {
        if (!this.#closed) this.arm()
      })
    })
  }

  /** The kernel told of its end. tmux may learn of it a moment later; until it has, its list shows a pane that lives. */
  async suspect(life: AgentLife): Promise<void> {
    const { launchId } = life
    for (let round = 0; round < SUSPECT_LOOKS && !this.#closed; round += 1) {
      await this.look()
      if (!life.isUp() || life.launchId !== launchId) return
      // It only let go of the descriptor.
      if (life.process !== undefined && isSame(life.process)) return
      await new Promise<void>((resolve) => this.#parts.clock.after(SUSPECT_PAUSE_MS, resolve))
    }
  }

  lastScreen(life: AgentLife): Promise<string> {
    return this.#parts.host.capture(life.name).catch(() => '')
  }

  [Symbol.dispose](): void {
    this.#closed = true
    this.#cancelNext()
    this.#cancelSoon()
  }

  async #compare(): Promise<void> {
    const { host, paths, died } = this.#parts
    // A list says nothing of a session that is made while it is on its way.
    const asked = [...this.#parts.lives()].filter((life) => life.isUp()).map((life) => ({ life, launchId: life.launchId }))
    const panes = await host.list()
    for (const { life, launchId } of asked) {
      const isStill = () => life.isUp() && life.launchId === launchId
      if (!isStill()) continue
      const pane = ownPane(paths.home, life, panes)
      if (pane === undefined) died(life, 'its session is gone', '', panes.length === 0)
      else if (!pane.alive && !this.#isUntold(life, pane)) {
        const screen = await this.lastScreen(life)
        if (isStill()) died(life, exitWords(pane), screen, false)
      }
    }
  }

  /** tmux sees a terminal close before it learns how its process ended; that is worth a moment, and another look. */
  #isUntold(life: AgentLife, pane: PaneState): boolean {
    if (pane.exitStatus !== null || pane.exitSignal !== null || processState(pane.pid) === 'gone') return false
    const nowMs = this.#parts.clock.monotonicMs()
    life.untoldSinceMs ??= nowMs
    if (nowMs - life.untoldSinceMs > UNTOLD_MS || this.#closed) return false
    this.#cancelSoon()
    this.#cancelSoon = this.#parts.clock.after(UNTOLD_PAUSE_MS, () => void this.look())
    return true
  }
}
