/** The fleet over time: a snapshot whenever something happened, and one per interval. */

import type { FleetSnapshot } from '@mosaic/domain/agent-record'
import { FleetError } from '@mosaic/domain/error'
import type { ServiceClient } from '@mosaic/host/service/client'
import type { Context } from '../context.ts'
import { snapshotOf } from './open.ts'

/** Events that come together make one snapshot; milliseconds. */
const GATHER_MS = 60

/** Resolves after `ms`, on `wake`, or when `signal` aborts. */
function pause(ms: number, signal: AbortSignal, waker: { wake: () => void }): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    waker.wake = done
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}

class Happenings {
  #happened = false
  readonly waker = { wake: () => {} }

  /** Follows the events of a service until it ends or `signal` aborts. */
  async follow(client: ServiceClient, signal: AbortSignal): Promise<void> {
    try {
      for await (const _ of client.events({ signal })) {
        this.#happened = true
        this.waker.wake()
      }
    } catch {
      // The next snapshot tells what became of the service.
    }
    this.waker.wake()
  }

  async next(intervalMs: number, signal: AbortSignal): Promise<void> {
    if (!this.#happened) await pause(intervalMs, signal, this.waker)
    await pause(Math.min(GATHER_MS, intervalMs), signal, { wake: () => {} })
    this.#happened = false
  }
}

/** The result, or `undefined` as soon as `signal` aborts: a service that hangs must not hold the one who leaves. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const aborted = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined)
    else signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  return Promise.race([promise, aborted])
}

const serviceWentAway = (error: unknown): boolean => error instanceof FleetError && error.reason === 'observer_down'

/** Snapshots until `signal` aborts, over restarts of the host service. */
export async function* snapshots(context: Context, intervalMs: number, signal: AbortSignal): AsyncGenerator<FleetSnapshot> {
  while (!signal.aborted) {
    const client = await context.service()
    const happenings = new Happenings()
    const follower = new AbortController()
    if (client !== undefined) void happenings.follow(client, AbortSignal.any([signal, follower.signal]))
    try {
      do {
        const snapshot = await unlessAborted(snapshotOf(context), signal)
        if (snapshot === undefined) return
        yield snapshot
        await happenings.next(intervalMs, signal)
      } while (!signal.aborted && client !== undefined)
    } catch (error) {
      if (!serviceWentAway(error)) throw error
    } finally {
      follower.abort()
    }
    // Whatever there was is gone, or was never there: look again.
    if (!signal.aborted) await context.disconnect()
  }
}
