/**
 * Whether the host service still holds its home. Its lock is on a file; a home that was removed, or removed and made again,
 * has no such file or another one, and another service may hold that.
 */

import { statSync } from 'node:fs'
import { FleetError } from '@mosaic/domain/error'
import type { MosaicPaths } from '../paths.ts'

/** How often it is looked at when nothing else asks, milliseconds. Costs one `stat`. */
const LOOK_MS = 1_000

/** Names the file at the path, whatever it is called later. */
function fileAt(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true })
  return `${dev}:${ino}`
}

export class Tenancy implements Disposable {
  /** Settles when the home is lost, with the reason; nothing may be written below it from then on. */
  readonly lost: Promise<string>
  readonly #paths: MosaicPaths
  readonly #held: string
  readonly #timer: NodeJS.Timeout
  readonly #tell: (reason: string) => void
  #reason: string | undefined

  /** The caller has just taken the service lock. */
  constructor(paths: MosaicPaths) {
    const { promise, resolve } = Promise.withResolvers<string>()
    this.lost = promise
    this.#tell = resolve
    this.#paths = paths
    this.#held = fileAt(paths.serviceLock)
    this.#timer = setInterval(() => this.holds(), LOOK_MS).unref()
  }

  /** Looks now. Once lost, it stays lost. */
  holds(): boolean {
    if (this.#reason !== undefined) return false
    const why = this.#whyNot()
    if (why === undefined) return true
    this.#reason = `its home ${this.#paths.home} was ${why} under it`
    clearInterval(this.#timer)
    this.#tell(this.#reason)
    return false
  }

  /** @throws FleetError `not_done` when the home is lost */
  assert(): void {
    if (this.holds()) return
    throw new FleetError('not_done', `the host service ends: ${this.#reason}`, {
      where: this.#paths.serviceLock,
      reason: 'home-lost',
      mend: 'the same command again; mosaic fleet up when there is no fleet yet',
    })
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #whyNot(): string | undefined {
    try {
      return fileAt(this.#paths.serviceLock) === this.#held ? undefined : 'removed and made again'
    } catch (error) {
      // Another trouble of the file system tells nothing of the home.
      const { code } = error as NodeJS.ErrnoException
      return code === 'ENOENT' || code === 'ENOTDIR' ? 'removed' : undefined
    }
  }
}
