/**
 * The service and the tmux server watch over each other: the service holds one control client; when the server dies it
 * starts it again, and when the service dies tmux starts the service again.
 */

import { displaySafe } from '@mosaic/domain/display'
import { FleetError } from '@mosaic/domain/error'
import { placesOf } from '@mosaic/host/paths'
import { programPath } from '@mosaic/host/programs'
import type { Tenancy } from '@mosaic/host/service/tenancy'
import { ControlClient } from '@mosaic/host/tmux/control-client'
import { holderHome } from '@mosaic/host/tmux/holder'
import { sessionTarget, type Tmux } from '@mosaic/host/tmux/tmux'
import type { TmuxSessionHost } from '@mosaic/host/tmux/tmux-session-host'
import type { ServiceConfig } from './config.ts'
import { REVIVED_VARIABLE } from './revival.ts'

/** Pause before the tmux server is tried again when it does not come up, milliseconds. */
const REOPEN_MS = [0, 100, 500, 2_000, 10_000] as const

export interface SessionWatchParts {
  tmux: Tmux
  host: TmuxSessionHost
  holderSession: string
  config: ServiceConfig
  /** Who has lost its home has no say over the sessions any more: another service of this home may have them. */
  tenancy: Tenancy
  log(text: string): void
}

export class SessionWatch implements AsyncDisposable {
  readonly #parts: SessionWatchParts
  #client: ControlClient | undefined
  #closed = false
  #onChange: () => void = () => {}

  constructor(parts: SessionWatchParts) {
    this.#parts = parts
  }

  /** Tells of changes from now on. */
  listen(onChange: () => void): void {
    this.#onChange = onChange
  }

  /** Starts the server where it is missing, attaches, and asks tmux to bring this service back should it be killed. */
  async open(): Promise<void> {
    const { tmux, host, holderSession, config, tenancy } = this.#parts
    tenancy.assert()
    await host.open()
    await this.#assertOnlyOne()
    tenancy.assert()
    const client = await ControlClient.attach(tmux, holderSession, (event) => {
      if (this.#closed) return
      if (event.kind === 'server-gone') void this.#reopen()
      else this.#onChange()
    })
    if (this.#closed) return client[Symbol.asyncDispose]()
    this.#client = client
    const env = { ...placesOf(config.paths), [REVIVED_VARIABLE]: '1' }
    await client.armRevive(process.execPath, env, ['--disable-warning=ExperimentalWarning', programPath('mosaicd')])
  }

  /**
   * Two services at one holder would put each other out without end. Of one home, the one that holds the lock file at its path
   * puts out the other, which then finds that it does not.
   * @throws FleetError `refused` when the holder is another home's
   */
  async #assertOnlyOne(): Promise<void> {
    const { tmux, holderSession, config } = this.#parts
    const target = sessionTarget(holderSession)
    const [clients, owner] = await Promise.all([
      tmux.run([['list-clients', '-t', target, '-F', '#{client_control_mode}']]),
      holderHome(tmux, holderSession),
    ])
    if (owner === undefined || owner === config.paths.home || !clients.stdout.split('\n').includes('1')) return
    throw new FleetError('refused', `the fleet of ${displaySafe(owner)} lives on this tmux socket already`, {
      where: tmux.socketPath,
      reason: 'socket-taken',
      mend: 'name another one in the roster: tmux.socket_name, or tmux.holder_session to share the socket',
    })
  }

  /** Leaves without being brought back; sessions go on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    const client = this.#client
    this.#client = undefined
    await client?.[Symbol.asyncDispose]()
  }

  async #reopen(): Promise<void> {
    // Put out by the service that holds this home now.
    if (!this.#parts.tenancy.holds()) return
    this.#parts.log('the tmux server is gone; it is started again')
    for (let attempt = 0; !this.#closed; attempt += 1) {
      await new Promise((resolve) => setTimeout(resolve, REOPEN_MS[Math.min(attempt, REOPEN_MS.length - 1)]))
      if (!this.#parts.tenancy.holds()) return
      try {
        await this.open()
        this.#onChange()
        return
      } catch (error) {
        this.#parts.log(`the tmux server does not start: ${(error as Error).message}`)
      }
    }
  }
}
