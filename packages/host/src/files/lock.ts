/**
 * Locks that the kernel frees when their holder dies, however it dies: the exclusive lock of an SQLite file, which is a
 * POSIX record lock underneath. No stale file has to be judged, and a child process does not inherit it.
 */

import { lstatSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { FleetError } from '@mosaic/domain/error'
import { databaseProblem, openDatabase } from './database.ts'

/** A lock whose file is broken is held by nobody and can be taken by nobody. */
const broken = (path: string, why: string, cause?: unknown): FleetError =>
  new FleetError('not_done', `the lock ${path} cannot be used: ${why}`, {
    where: path,
    reason: 'lock',
    mend: `move it away while nothing of the fleet's runs: mv ${path} ${path}.bad`,
    cause,
  })

/** Opens the file, which is made when absent. Nothing else than a file is opened: a FIFO would be waited for without end. */
function openLock(path: string): DatabaseSync {
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === false) throw broken(path, 'it is not a regular file')
  return openDatabase({ file: path, what: `the lock ${path}` }, 0)
}

export class FileLock implements Disposable {
  readonly #database: DatabaseSync

  private constructor(database: DatabaseSync) {
    this.#database = database
  }

  /**
   * The lock, or `undefined` when somebody holds it. The file stays: removing it would let two hold "the" lock.
   * @throws FleetError `not_done` when its file cannot be made or is broken
   */
  static tryAcquire(path: string): FileLock | undefined {
    const database = openLock(path)
    try {
      // Nothing is ever written; in memory, no journal is left behind by a killed holder.
      database.exec('PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE')
      return new FileLock(database)
    } catch (error) {
      database.close()
      const problem = databaseProblem(error)
      if (problem?.kind === 'busy') return undefined
      throw problem === undefined ? error : broken(path, problem.words, error)
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
