/** Many messages over the service's socket, as the command sends them, without a process for each. */

import { randomBytes } from 'node:crypto'
import { messageId, type Receipt } from '@mosaic/domain/message'
import type { Activity } from '@mosaic/domain/signal'
import { connectService, type ServiceClient } from '@mosaic/host/service/client'
import { until } from '@mosaic/testkit/until'
import type { FleetUnderTest } from '../fleet-under-test.ts'

export class Sender implements AsyncDisposable {
  readonly #client: ServiceClient

  private constructor(client: ServiceClient) {
    this.#client = client
  }

  static async connect(fleet: FleetUnderTest): Promise<Sender> {
    return new Sender(await until(() => connectService(fleet.paths), { what: 'the host service listening' }))
  }

  /** The receipt as of storing; delivery goes on. */
  stored(to: string, text: string, { withinMs, from = 'operator' }: { withinMs: number; from?: string }): Promise<Receipt> {
    const id = messageId(Date.now(), randomBytes(10))
    return this.#client.send({ id, to, from: `acme@box:${from}`, text, urgent: false, deadlineAtMs: Date.now() + withinMs })
  }

  /** Sends, and waits until it is settled. */
  async verified(to: string, text: string, options: { withinMs: number; from?: string }): Promise<Receipt> {
    const { id } = await this.stored(to, text, options)
    return this.#client.waitForReceipt(id, options.withinMs + 10_000)
  }

  /** Waits until the agent says that it does this. */
  activityOf(name: string, activity: Activity): Promise<unknown> {
    return until(async () => (await this.#client.agent(name)).activity === activity, { everyMs: 2, what: `${name} being ${activity}` })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]()
  }
}
