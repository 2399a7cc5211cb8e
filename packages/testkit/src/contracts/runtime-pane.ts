/** A runtime in a real tmux pane on a socket of its own, launched by its adapter's recipe, for the runtime contract. */

import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { AgentDefinition } from '@mosaic/domain/agent'
import { type Message, messageId, renderMessage } from '@mosaic/domain/message'
import type {
  FleetEndpoint,
  LaunchContext,
  NativeResult,
  RuntimeAdapter,
  RuntimeChannel,
  RuntimeSession,
} from '@mosaic/domain/ports/runtime'
import { parseSignal, type Signal, type SignalKind } from '@mosaic/domain/signal'
import { eventuallyDead, killNine } from '../faults.ts'
import { isAlive } from '../processes.ts'
import { until } from '../until.ts'

const run = promisify(execFile)

/** Seconds: short, so that a test sees several heartbeats. */
const HEARTBEAT_INTERVAL = '0.2'
const NAME = 'agent0'
/** A large runtime takes long to start where several tests share a machine. */
const WAIT_MS = 180_000

export interface RuntimePaneOptions {
  adapter: RuntimeAdapter
  /** On top of a minimal environment and of the recipe's. */
  env?: Readonly<Record<string, string>>
  agent?: Partial<AgentDefinition>
  /** The fleet's endpoint and this launch's end of it; absent: nobody listens there. */
  fleet?: { endpoint: FleetEndpoint; channel: RuntimeChannel; env: Readonly<Record<string, string>> }
  /** Directory of the test; made by the caller, removed by the pane. */
  root?: string
}

const NO_FLEET: NonNullable<RuntimePaneOptions['fleet']> = {
  endpoint: { url: 'http://127.0.0.1:9', tokenVariable: 'MOSAIC_FLEET_TOKEN' },
  channel: { hasStream: false, ping: async () => false, onHook: () => ({ [Symbol.dispose]() {} }) },
  env: {},
}

export const shortTemporaryDirectory = (): string => mkdtempSync('/tmp/mrt-')

export class RuntimePane implements AsyncDisposable {
  readonly adapter: RuntimeAdapter
  readonly root: string
  readonly workingDirectory: string
  readonly context: Omit<LaunchContext, 'program' | 'resume'>
  readonly #env: Readonly<Record<string, string>>
  readonly #socket = `mosaictest-${randomBytes(6).toString('hex')}`
  readonly #fleet: NonNullable<RuntimePaneOptions['fleet']>
  readonly #observed: Signal[] = []
  #connected: { session: RuntimeSession; observing: Disposable | undefined } | undefined
  #pid = 0

  constructor(options: RuntimePaneOptions) {
    this.adapter = options.adapter
    this.root = options.root ?? shortTemporaryDirectory()
    this.#env = options.env ?? {}
    this.#fleet = options.fleet ?? NO_FLEET
    const at = (name: string) => join(this.root, name)
    this.workingDirectory = at('work')
    mkdirSync(this.workingDirectory)
    mkdirSync(at('state'))
    writeFileSync(at('contract.md'), 'You are an agent under test.\n')
    this.context = {
      agent: { ...definition(options.adapter, this.workingDirectory), ...options.agent },
      contractFile: at('contract.md'),
      heartbeatFile: at('hb'),
      journalFile: at('signals.jsonl'),
      linkSocket: at('link'),
      stateDirectory: at('state'),
      launchId: NAME,
      endpoint: this.#fleet.endpoint,
    }
  }

  get pid(): number {
    return this.#pid
  }

  /** The connection to the process that was started last. */
  get session(): RuntimeSession {
    if (this.#connected === undefined) throw new Error('not started')
    return this.#connected.session
  }

  /** As a host service that was started anew does: what it heard before stays heard. */
  reconnect(): void {
    this.#connected?.observing?.[Symbol.dispose]()
    const screen = () => this.screen()
    const type = (text: string) => this.paste(text).then(() => true)
    const session = this.adapter.connect({ ...this.context, pid: this.#pid, channel: this.#fleet.channel, screen, type, log: () => {} })
    const observing = session.observe?.((body) => this.#hear({ v: 1, at: Date.now(), pid: this.#pid, ...body } as Signal))
    this.#connected = { session, observing }
  }

  /** Launches it, in the place of one that ended, and waits until it says that it is ready. */
  async start(options: { resume?: boolean; env?: Readonly<Record<string, string>> } = {}): Promise<void> {
    const { resume = false } = options
    const readies = this.signals('ready').length
    const program = await this.adapter.locate(this.context.agent)
    const recipe = this.adapter.launch({ ...this.context, program, resume })
    const env = { ...this.#baseEnvironment(resume), ...this.#fleet.env, ...recipe.env, ...this.#env, ...options.env }
    const assignments = Object.entries(env).map(([key, value]) => `${key}=${value}`)
    // The first command makes the server; a pane whose process ended keeps its last screen.
    await this.#tmux(['start-server', ';', 'set-option', '-g', 'remain-on-exit', 'on', ';', 'set-option', '-g', 'exit-empty', 'off'])
    const argv = ['env', '-i', ...assignments, ...recipe.argv]
    if (this.#pid !== 0) await this.#tmux(['kill-session', '-t', `=${NAME}`])
    await this.#tmux(['new-session', '-d', '-s', NAME, '-x', '120', '-y', '40', '-c', this.workingDirectory, ...argv])
    this.#pid = Number(await this.#tmux(['display-message', '-p', '-t', `=${NAME}:`, '#{pane_pid}']))
    this.reconnect()
    await this.#waited(() => this.signals('ready').length > readies && this.signals('ready').at(-1)?.pid === this.#pid, 'ready')
  }

  /** By the adapter's own API, else by one bracketed paste and its key, as a courier does. */
  async attempt(message: Message): Promise<NativeResult> {
    const { session } = this
    const rendered = renderMessage(message)
    if (session.deliver !== undefined) return session.deliver(message, rendered)
    if (session.whileNoQuestion === undefined) await this.paste(rendered)
    else {
      const typed = await session.whileNoQuestion(() => this.paste(rendered), message)
      if (typed.outcome === 'refused') return typed
    }
    return { outcome: 'handed-over' }
  }

  async send(message: Message): Promise<void> {
    const result = await this.attempt(message)
    if (result.outcome !== 'handed-over') throw new Error(`not handed over: ${result.because} ${result.detail}`)
  }

  async paste(text: string): Promise<void> {
    const target = `=${NAME}:`
    const args = [
      'load-buffer',
      '-b',
      'B',
      '-',
      ';',
      'paste-buffer',
      '-p',
      '-r',
      '-d',
      '-b',
      'B',
      '-t',
      target,
      ';',
      'send-keys',
      '-t',
      target,
      this.adapter.submitKey ?? 'Enter',
    ]
    await this.#tmux(args, text)
  }

  async keys(...keys: string[]): Promise<void> {
    await this.#tmux(['send-keys', '-t', `=${NAME}:`, ...keys])
  }

  screen(): Promise<string> {
    return this.#tmux(['capture-pane', '-p', '-t', `=${NAME}:`])
  }

  /** Everything it said, in order. */
  signals(): Signal[]
  signals<K extends SignalKind>(kind: K): Extract<Signal, { kind: K }>[]
  signals(kind?: SignalKind): Signal[] {
    const text = existsSync(this.context.journalFile) ? readFileSync(this.context.journalFile, 'utf8') : ''
    const signals = [...text.split('\n').map(parseSignal), ...this.#observed]
    return signals.filter((signal) => signal !== undefined && (kind === undefined || signal.kind === kind)) as Signal[]
  }

  acceptances(id: string): Extract<Signal, { kind: 'accepted' }>[] {
    return this.signals('accepted').filter((signal) => signal.id === id)
  }

  /** Sends it and waits until the runtime says that it accepted. */
  async deliver(message: Message): Promise<void> {
    await this.send(message)
    await this.accepted(message.id)
  }

  accepted(id: string): Promise<unknown> {
    return this.#waited(() => this.acceptances(id).length > 0, `the acceptance of ${id}`)
  }

  idle(): Promise<unknown> {
    return this.#waited(async () => (await this.session.ask(30_000))?.activity === 'idle', 'idle')
  }

  /** `SIGKILL`, or a request to end. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    process.kill(this.#pid, signal)
    await this.#waited(() => !isAlive(this.#pid), `the end by ${signal}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connected?.observing?.[Symbol.dispose]()
    await this.#tmux(['kill-server']).catch(() => '')
    if (this.#pid !== 0) {
      killNine(this.#pid)
      await eventuallyDead(this.#pid)
    }
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 })
  }

  #baseEnvironment(resume: boolean): Record<string, string> {
    const { heartbeatFile, journalFile, linkSocket, stateDirectory } = this.context
    return {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      HOME: this.root,
      TERM: 'screen-256color',
      LANG: 'C.UTF-8',
      MOSAIC_AGENT: NAME,
      MOSAIC_HEARTBEAT_FILE: heartbeatFile,
      MOSAIC_HEARTBEAT_INTERVAL: HEARTBEAT_INTERVAL,
      MOSAIC_JOURNAL: journalFile,
      MOSAIC_LINK: linkSocket,
      MOSAIC_STATE_DIR: stateDirectory,
      MOSAIC_RESUME: resume ? '1' : '0',
    }
  }

  /** An acceptance and a model call that are said again are known by their id and key, as to every listener. */
  #hear(signal: Signal): void {
    const before = this.#observed.some(
      (heard) =>
        (heard.kind === 'accepted' && signal.kind === 'accepted' && heard.id === signal.id) ||
        (heard.kind === 'usage' && signal.kind === 'usage' && heard.key === signal.key),
    )
    if (!before) this.#observed.push(signal)
  }

  async #waited(probe: () => boolean | Promise<boolean>, what: string): Promise<void> {
    try {
      await until(probe, { what, withinMs: WAIT_MS })
    } catch (error) {
      const screen = await this.screen().catch(() => 'none')
      throw new Error(`${what}: it did not come\n--- screen\n${screen}\n--- signals\n${JSON.stringify(this.signals(), null, 1)}`, {
        cause: error,
      })
    }
  }

  async #tmux(args: string[], input?: string): Promise<string> {
    const child = run('tmux', ['-u', '-L', this.#socket, '-f', '/dev/null', ...args], {
      env: { ...process.env, LC_ALL: 'C.UTF-8', TMUX_TMPDIR: this.root },
    })
    child.child.stdin?.on('error', () => {})
    child.child.stdin?.end(input ?? '')
    return (await child).stdout.trimEnd()
  }
}

function definition(adapter: RuntimeAdapter, workingDirectory: string): AgentDefinition {
  return {
    name: NAME,
    class: 'worker',
    alias: undefined,
    address: { tenant_id: 'test', host: 'here', session: NAME },
    runtime: adapter.id,
    model: undefined,
    effort: undefined,
    workingDirectory,
    command: undefined,
    env: {},
    heartbeatIntervalMs: Number(HEARTBEAT_INTERVAL) * 1000,
    yolo: false,
    lifecycle: 'core',
    local: true,
    ssh: undefined,
  }
}

/** A message of an operator with this content. */
export function messageOf(text: string, options: { urgent?: boolean } = {}): Message {
  return {
    id: messageId(Date.now(), randomBytes(10)),
    from: { tenant_id: 'test', host: 'here', session: 'operator' },
    to: { tenant_id: 'test', host: 'here', session: NAME },
    text,
    urgent: options.urgent ?? false,
    createdAtMs: Date.now(),
    deadlineAtMs: undefined,
  }
}
