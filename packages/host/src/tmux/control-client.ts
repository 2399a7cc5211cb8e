/**
 * The fleet's one long-lived control client, on the holder session: it hears of every session that comes or goes and every
 * pane that dies, and its own end makes tmux start the host service again.
 */

import { FleetError } from '@mosaic/domain/error'
import type { SessionHostEvent } from '@mosaic/domain/ports/session-host'
import { ControlConnection } from './control-connection.ts'
import { sessionTarget, type Tmux, type TmuxCommand } from './tmux.ts'
import { tmuxError } from './tmux-failure.ts'

/** Notifications after which a list of panes may read differently. */
const CHANGES = new Set([
  'sessions-changed',
  'session-renamed',
  'session-window-changed',
  'window-add',
  'window-close',
  'window-renamed',
  'unlinked-window-add',
  'unlinked-window-close',
  'unlinked-window-renamed',
])

/** Flags that keep the client from sizing anything and from being sent any pane's output. */
const FLAGS = ['ignore-size', 'no-output']

/** How many arguments a revived program can have. */
const MAX_ARGUMENTS = 4
const argumentNames = Array.from({ length: MAX_ARGUMENTS }, (_, index) => `MOSAIC_REVIVE_${index + 1}`)

/**
 * Constant text: program and arguments come from the holder session's environment and are never read as shell. The program
 * is let go of, so that it is no job of tmux, which would end it with the server.
 */
const REVIVE_HOOK = `run-shell -b '"$MOSAIC_REVIVE" ${argumentNames.map((name) => `\${${name}+"$${name}"}`).join(' ')} </dev/null >/dev/null 2>&1 &'`

export class ControlClient implements AsyncDisposable {
  readonly #tmux: Tmux
  readonly #target: string
  readonly #connection: ControlConnection
  #leaving = false

  private constructor(tmux: Tmux, holderSession: string, connection: ControlConnection) {
    this.#tmux = tmux
    this.#target = sessionTarget(holderSession)
    this.#connection = connection
  }

  /**
   * Attaches to the holder session and puts out any earlier control client there.
   * @param listener called once per batch of changes, and once when the server (or the holder) is gone
   * @throws FleetError `not_done` when there is no holder session
   */
  static async attach(tmux: Tmux, holderSession: string, listener: (event: SessionHostEvent) => void): Promise<ControlClient> {
    const connection = await ControlConnection.open(tmux, holderSession, FLAGS)
    const client = new ControlClient(tmux, holderSession, connection)
    let told = false
    connection.listen((name) => {
      if (told || !CHANGES.has(name)) return
      told = true
      setImmediate(() => {
        told = false
        if (!client.#leaving) listener({ kind: 'changed' })
      })
    })
    void connection.closed.then(() => {
      if (!client.#leaving) listener({ kind: 'server-gone' })
    })
    await client.disarmRevive()
    await client.#putOutOthers()
    return client
  }

  /**
   * From now on, when this client ends without `disarmRevive` (this process was killed), tmux runs `programPath` once.
   * @param env on top of the tmux server's environment; kept on the holder session, readable by the same user
   * @param args at most 4
   */
  async armRevive(programPath: string, env: Readonly<Record<string, string>>, args: readonly string[] = []): Promise<void> {
    if (args.length > MAX_ARGUMENTS) throw new FleetError('invalid', `at most ${MAX_ARGUMENTS} arguments can be given`)
    const words = Object.fromEntries(args.map((word, index) => [`MOSAIC_REVIVE_${index + 1}`, word]))
    const variables = Object.entries({ ...env, ...words, MOSAIC_REVIVE: programPath })
    const unused = argumentNames.slice(args.length).map((name): TmuxCommand => ['set-environment', '-u', '-t', this.#target, name])
    const { failure } = await this.#tmux.run([
      ...unused,
      ...variables.map(([name, value]): TmuxCommand => ['set-environment', '-t', this.#target, name, value]),
      ['set-hook', '-t', this.#target, 'client-detached', REVIVE_HOOK],
    ])
    if (failure !== undefined) throw tmuxError(failure, 'cannot arm the revival of the host service')
  }

  async disarmRevive(): Promise<void> {
    await this.#connection.send({ command: ['set-hook', '-u', '-t', this.#target, 'client-detached'] })
  }

  /** Leaves without reviving anything. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#leaving = true
    // The server may be gone already, and the hook with it; one that hangs is not waited for.
    const disarmed = this.disarmRevive().catch(() => {})
    await this.#connection.close(disarmed)
  }

  /** A fleet has one: the service that had another is dead, or this one would not run. */
  async #putOutOthers(): Promise<void> {
    const format = '#{client_control_mode} #{client_pid} #{client_name}'
    const [lines = []] = await this.#connection.send({ command: ['list-clients', '-t', this.#target, '-F', format] })
    for (const line of lines) {
      const [, control, pid, name] = /^(\d) (\d+) (.+)$/.exec(line) ?? []
      if (control !== '1' || name === undefined || Number(pid) === this.#connection.pid) continue
      await this.#connection.send({ command: ['detach-client', '-t', name] }).catch(() => {})
    }
  }
}
