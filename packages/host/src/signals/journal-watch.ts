/** Follows the signal journals of all agents with one watcher: told by the kernel, never polled. */

import { type FSWatcher, watch } from 'node:fs'
import { basename, join } from 'node:path'
import { JournalReader, type SignalSink } from './journal-reader.ts'

export class JournalWatch implements Disposable {
  readonly #directory: string
  readonly #readers = new Map<string, JournalReader>()
  readonly #unfinished = new Set<JournalReader>()
  #watcher: FSWatcher | undefined
  #turn: NodeJS.Immediate | undefined
  #closed = false

  /** @param directory where the journals are; it exists */
  constructor(directory: string) {
    this.#directory = directory
    this.#watch()
  }

  /**
   * Hands every signal to `sink`, in order, in batches: all that is there already, a rotated file included, before this
   * returns, then each as it is written. A signal can come twice when files are moved about. A sink that throws ends the
   * process: it must not.
   * @param file name of the journal in the directory; one that is followed already stays as it is
   */
  follow(file: string, sink: SignalSink): void {
    const name = basename(file)
    if (this.#readers.has(name)) return
    const reader = new JournalReader(join(this.#directory, name), sink)
    this.#readers.set(name, reader)
    if (reader.catchUp()) this.#read(reader)
  }

  /** Reads every journal now, and watches anew when the watch was lost with its directory. */
  pokeAll(): void {
    if (this.#watcher === undefined && !this.#closed) this.#watch()
    for (const reader of this.#readers.values()) this.#read(reader)
  }

  [Symbol.dispose](): void {
    this.#closed = true
    this.#watcher?.close()
    this.#watcher = undefined
    if (this.#turn !== undefined) clearImmediate(this.#turn)
    for (const reader of this.#readers.values()) reader[Symbol.dispose]()
    this.#readers.clear()
    this.#unfinished.clear()
  }

  #watch(): void {
    const directory = basename(this.#directory)
    try {
      this.#watcher = watch(this.#directory, { persistent: false }, (event, file) => {
        const reader = file === null ? undefined : this.#readers.get(file)
        if (reader !== undefined) this.#read(reader)
        // The kernel reports the directory's own end under its own name, and a change of its mode too: watching it anew is right for both.
        else if (event === 'rename' && file === directory) this.#lost()
        else if (file === null) this.pokeAll()
      })
      this.#watcher.on('error', () => this.#lost())
    } catch {
      this.#watcher = undefined
    }
  }

  /** The directory is another one, or gone; then the next `pokeAll` finds it when it is back. */
  #lost(): void {
    this.#watcher?.close()
    this.#watcher = undefined
    this.pokeAll()
  }

  /** One go for this reader; what is left waits its turn among the others. */
  #read(reader: JournalReader): void {
    if (!reader.read()) {
      this.#unfinished.delete(reader)
      return
    }
    this.#unfinished.add(reader)
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined
      for (const waiting of [...this.#unfinished]) this.#read(waiting)
    })
  }
}
