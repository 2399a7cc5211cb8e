/**
 * The one file that spawns tmux. Arguments are arrays, never a shell's text; the client's environment is an allow-list;
 * no call outlives its bound.
 */

import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { join } from 'node:path'
import { assertName } from '@mosaic/domain/address'
import { FleetError } from '@mosaic/domain/error'
import { onPath } from '../files/executable.ts'
import { type TmuxFailure, tmuxError, tmuxFailure } from './tmux-failure.ts'
import { assertTmuxVersion } from './tmux-version.ts'

/** One tmux command and its arguments, as they shall arrive. */
export type TmuxCommand = readonly string[]

export interface TmuxOptions {
  /** `undefined`: the literal default socket of tmux, no `-L`. */
  socketName: string | undefined
  /** The caller's environment, of which an allow-list is passed on. Default: this process's. */
  env?: Readonly<Record<string, string | undefined>>
  /** Bound of one call, milliseconds. */
  timeoutMs?: number
}

export interface TmuxRunOptions {
  stdin?: string
  /** May start the server, with these options of tmux itself. Without it no server is ever started. */
  startServer?: boolean
  /** More output than this ends the call. */
  maxBytes?: number
}

export interface TmuxResult {
  stdout: string
  failure: TmuxFailure | undefined
}

const TIMEOUT_MS = 10_000
const GREETING_MS = 4_000
const MAX_OUTPUT_BYTES = 32 * 1024 * 1024

/** What a tmux client, and through the first one the server, may see of the caller's environment. */
export const TMUX_INHERITED: readonly string[] = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'TZ',
  'TMPDIR',
  'TMUX_TMPDIR',
  'XDG_RUNTIME_DIR',
  'TERM',
  'COLORTERM',
]

/**
 * tmux reads a `;` at the end of an argument as the end of the command. Written `\;` it is a plain semicolon.
 */
const exact = (argument: string): string => (argument.endsWith(';') ? `${argument.slice(0, -1)}\\;` : argument)

/** Commands of one invocation, which the server runs in one go. */
export const commandList = (commands: readonly TmuxCommand[]): string[] =>
  commands.flatMap((command, index) => [...(index === 0 ? [] : [';']), ...command.map(exact)])

/** Text that tmux takes literally where it would expand `#{...}` and run `#(...)`. */
export const literalFormat = (text: string): string => text.replaceAll('#', '##')

/** Exactly that session; without `=` and `:` tmux would also take a prefix, a pattern, or another kind of target. */
export const sessionTarget = (session: string): string => `=${assertName(session)}:`
/** The one window of an agent's session. */
export const windowTarget = (session: string): string => `=${assertName(session)}:0`
/** The one pane of an agent's session. */
export const paneTarget = (session: string): string => `=${assertName(session)}:0.0`

export class Tmux {
  readonly socketName: string | undefined
  readonly #env: Record<string, string>
  readonly #timeoutMs: number
  #version: Promise<string> | undefined
  #canBind: boolean | undefined

  constructor(options: TmuxOptions) {
    this.socketName = options.socketName === undefined ? undefined : assertName(options.socketName)
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS
    this.#env = clientEnvironment(options.env ?? process.env)
  }

  /** Where the server's socket is, by tmux's own rule. */
  get socketPath(): string {
    return join(this.#env['TMUX_TMPDIR'] ?? '/tmp', `tmux-${process.getuid?.() ?? 0}`, this.socketName ?? 'default')
  }

  /**
   * Runs commands in one invocation. A failure that tells of the machine (no tmux, no access, a hung server) is thrown;
   * one that tells of the server's state is returned.
   */
  async run(commands: readonly TmuxCommand[], options: TmuxRunOptions = {}): Promise<TmuxResult> {
    const child = this.#spawn('tmux', [...this.#globals(options.startServer ?? false), ...commandList(commands)])
    const ended = await collect(child, options.stdin, options.maxBytes ?? MAX_OUTPUT_BYTES, this.#timeoutMs)
    const failure = tmuxFailure(ended.status, ended.stderr)
    if (failure?.kind === 'denied' || failure?.kind === 'mismatch') throw tmuxError(failure, 'tmux')
    return { stdout: ended.stdout, failure }
  }

  /** `tmux -V`, asked once. @throws FleetError `missing` when there is none or it is too old */
  version(): Promise<string> {
    this.#version ??= collect(this.#spawn('tmux', ['-V']), undefined, 4096, this.#timeoutMs).then(({ stdout }) => {
      assertTmuxVersion(stdout)
      return stdout.trim()
    })
    return this.#version
  }

  /**
   * A control client: commands on stdin, replies and notifications on stdout. It dies with this process, whatever kills
   * it, because `kill-server` waits for ever for a control client that nobody reads.
   */
  control(session: string, flags: readonly string[]): ChildProcessWithoutNullStreams {
    const argv = ['-C', 'attach-session', '-f', flags.join(','), '-t', sessionTarget(session)]
    const [program, ...words] = this.#dyingWithUs('KILL', [...this.#globals(false), ...argv])
    return this.#spawn(program, words)
  }

  /** An ordinary client on this process's own terminal: it can type. `greeting` is shown on it for a moment. */
  attach(session: string, greeting: string): ChildProcess {
    const greet = ['display-message', '-d', String(GREETING_MS), literalFormat(greeting)]
    const argv = [...this.#globals(false), ...commandList([['attach-session', '-t', sessionTarget(session)], greet])]
    // Told to end, it leaves the terminal in order.
    const [program, ...words] = this.#dyingWithUs('TERM', argv)
    return spawn(program, words, { cwd: '/', env: this.#env, stdio: 'inherit' })
  }

  /** A tmux client that gets `signal` when this process ends, where the system can do that. */
  #dyingWithUs(signal: 'KILL' | 'TERM', argv: readonly string[]): [string, ...string[]] {
    this.#canBind ??= onPath('setpriv', this.#env['PATH']) !== undefined
    return this.#canBind ? ['setpriv', '--pdeathsig', signal, 'tmux', ...argv] : ['tmux', ...argv]
  }

  #globals(startServer: boolean): string[] {
    const socket = this.socketName === undefined ? [] : ['-L', this.socketName]
    if (!startServer) return ['-u', '-N', ...socket]
    // The operator's tmux.conf bends the operator's own server only.
    return ['-u', ...(this.socketName === undefined ? [] : ['-f', '/dev/null']), ...socket]
  }

  #spawn(program: string, argv: readonly string[]): ChildProcessWithoutNullStreams {
    // cwd: a server keeps its starter's directory for life.
    return spawn(program, argv, { cwd: '/', env: this.#env, stdio: 'pipe' })
  }
}

/** No TMUX or TMUX_PANE: inside a pane they would name another server. */
function clientEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const out: Record<string, string> = { LANG: 'C.UTF-8', TERM: 'xterm-256color' }
  for (const name of TMUX_INHERITED) {
    const value = env[name]
    if (value !== undefined && value !== '') out[name] = value
  }
  return out
}

interface Ended {
  status: number | null
  stdout: string
  stderr: string
}

/** The error for a machine without tmux. */
export const noTmux = (): FleetError =>
  new FleetError('missing', 'tmux is not installed', { reason: 'tmux-missing', mend: 'apt-get install tmux (macOS: brew install tmux)' })

/** The whole life of a bounded child: killed when it says too much or takes too long. */
function collect(child: ChildProcessWithoutNullStreams, stdin: string | undefined, maxBytes: number, timeoutMs: number): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const output: Buffer[] = []
    const errors: Buffer[] = []
    let bytes = 0
    // Not left to 'close': a starting server may hold these pipes.
    const end = (error: FleetError) => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy()
      reject(error)
    }
    const timer = setTimeout(() => {
      end(new FleetError('not_done', `tmux did not answer within ${timeoutMs} ms`, { reason: 'tmux-hung', mend: 'mosaic fleet doctor' }))
    }, timeoutMs)
    const keep = (list: Buffer[]) => (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > maxBytes) end(new FleetError('not_done', `tmux answered with more than ${maxBytes} bytes`, { reason: 'too-large' }))
      else list.push(chunk)
    }
    child.stdout.on('data', keep(output))
    child.stderr.on('data', keep(errors))
    child.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      reject(error.code === 'ENOENT' ? noTmux() : new FleetError('not_done', `tmux could not be run: ${error.message}`, { cause: error }))
    })
    child.once('close', (status) => {
      clearTimeout(timer)
      resolve({ status, stdout: Buffer.concat(output).toString('utf8'), stderr: Buffer.concat(errors).toString('utf8') })
    })
    // A client that ended early does not read the rest; its own words tell why.
    child.stdin.on('error', () => {})
    child.stdin.end(stdin ?? '')
  })
}
