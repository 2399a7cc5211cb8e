/**
 * Locks that the kernel frees when their holder dies, however it dies: the exclusive lock of an SQLite file, which is a
 * POSIX record lock underneath. No stale file has to be judged, and a child process does not inherit it.
 */

import { DatabaseSync } from 'node:sqlite'
import { FleetError } from '@mosaic/domain/error'

export class FileLock implements Disposable {
  readonly #database: DatabaseSync

  private constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** The lock, or `undefined` when somebody holds it. The file stays: removing it would let two hold "the" lock. */
  static tryAcquire(path: string): FileLock | undefined {
    const database = new DatabaseSync(path, { timeout: 0 })
    try {
      // Nothing is ever written; in memory, no journal is left behind by a killed holder.
      database.exec('PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE')
      return new FileLock(database)
    } catch (error) {
      database.close()
      if ((error as { errcode?: number }).errcode === 5) return undefined
      throw error
    }
  }

  /** Waits for the lock. @throws FleetError `not_done` after `withinMs` */
  static async acquire(path: string, withinMs: number, what: string): Promise<FileLock> {
    const end = performance.now() + withinMs
    for (let delayMs = 2; ; delayMs = Math.min(50, delayMs * 2)) {
      const lock = FileLock.tryAcquire(path)
      if (lock !== undefined) return lock
      if (performance.now() > end) {
        throw new FleetError('not_done', `${what} is locked by another process`, { mend: 'wait for it to end, then try again' })
      }
      await new Promise((resolve) => setTimeout(resolve, delayMs))
    }
  }

  [Symbol.dispose](): void {
    this.#database.close()
  }
}
