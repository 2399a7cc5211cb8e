/** Keeps the supervisor's record on disk as it is in memory. */

import type { MosaicPaths } from '../../paths.ts'
import type { AgentLife } from './agent-life.ts'
import { writeRecord } from './record.ts'

export class RecordKeeper {
  readonly #paths: MosaicPaths
  readonly #log: (text: string) => void
  /** As last written: most changes of state change nothing of it. */
  #written: string | undefined

  constructor(paths: MosaicPaths, log: (text: string) => void) {
    this.#paths = paths
    this.#log = log
  }

  /** Writes what changed. A full disk must not end supervision: it is said, and the next call writes all of it. */
  save(lives: Iterable<AgentLife>): void {
    const agents = Object.fromEntries([...lives].map((life) => [life.name, life.toRecord()]))
    const text = JSON.stringify(agents)
    if (text === this.#written) return
    try {
      writeRecord(this.#paths, { version: 1, agents })
      this.#written = text
    } catch (error) {
      this.#log(`the supervisor's record cannot be written: ${(error as Error).message}`)
    }
  }
}
