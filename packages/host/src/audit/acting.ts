/** Who asked for what is being done, known to everything that is done for it. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { nameProblem } from '@mosaic/domain/address'
import { SERVICE_SESSION } from '@mosaic/domain/message-text'

/** Outside a request it is the service itself. A caller's word is checked, then believed: within a tenant the audit is a record, not a wall. */
export class Acting {
  readonly #sessions = new AsyncLocalStorage<string>()

  as<T>(session: string | undefined, act: () => T): T {
    return session === undefined || nameProblem(session) !== undefined ? act() : this.#sessions.run(session, act)
  }

  session(): string {
    return this.#sessions.getStore() ?? SERVICE_SESSION
  }
}
