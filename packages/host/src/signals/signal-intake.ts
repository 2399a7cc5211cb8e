/** Takes in what the runtimes of this host say, from their journals or over a connection, whatever the state of the disk. */

import type { Clock } from '@mosaic/domain/ports/clock'
import type { Signal } from '@mosaic/domain/signal'
import type { MosaicPaths } from '../paths.ts'
import { JournalWatch } from './journal-watch.ts'

/** Pause before a signal that could not be stored is taken in again, milliseconds. */
const HEAR_AGAIN_MS = 1_000

export interface SignalIntakeParts {
  paths: MosaicPaths
  clock: Clock
  /** Repeats are harmless: a journal is read from its start after a restart. A throw brings the signal again. */
  onSignal(name: string, signal: Signal): void
  log(text: string): void
}

export class SignalIntake implements Disposable {
  readonly #parts: SignalIntakeParts
  readonly #journals: JournalWatch
  #closed = false

  /** The run directory must exist. */
  constructor(parts: SignalIntakeParts) {
    this.#parts = parts
    this.#journals = new JournalWatch(parts.paths.run)
  }

  /** What this agent's journal holds is taken in before this returns, and from now on what is added to it. */
  follow(name: string): void {
    this.#journals.follow(this.#parts.paths.journalOf(name), (signals) => {
      for (const signal of signals) this.hear(name, signal)
    })
  }

  /** Reads every journal now: a net under the kernel's events, for a directory that was replaced. */
  readAll(): void {
    this.#journals.pokeAll()
  }

  /** Taken in even if the disk is full just now: again later, and from the journal after a restart. */
  hear(name: string, signal: Signal): void {
    try {
      this.#parts.onSignal(name, signal)
    } catch (error) {
      this.#parts.log(`${name}: its signal ${signal.kind} could not be taken in: ${(error as Error).message}`)
      if (!this.#closed) this.#parts.clock.after(HEAR_AGAIN_MS, () => this.#closed || this.hear(name, signal))
    }
  }

  [Symbol.dispose](): void {
    this.#closed = true
    this.#journals[Symbol.dispose]()
  }
}
