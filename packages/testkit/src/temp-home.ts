/** A tenant's world for one test: homes, an environment, a tmux socket of its own; nothing of it is left afterwards. */

import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { commandOf, isAlive, processesWith } from './processes.ts'
import { until } from './until.ts'

const run = promisify(execFile)

export interface Leftovers {
  processes: { pid: number; command: string }[]
  /** Socket files; `alive` when somebody still listens. */
  sockets: { path: string; alive: boolean }[]
}

export interface TempHomeOptions {
  /** Seconds, as agents get it. */
  heartbeatInterval?: number
  /** On top of the minimal environment. */
  env?: Readonly<Record<string, string>>
  /** Also keeps tmux's default socket, the one without `-L`, in this home. */
  ownTmuxDirectory?: boolean
}

/** Paths of unix sockets that somebody listens on. */
function listening(): Set<string> {
  const paths = new Set<string>()
  for (const line of readFileSync('/proc/net/unix', 'utf8').split('\n')) {
    const path = line.indexOf(' /')
    if (path > 0) paths.add(line.slice(path + 1))
  }
  return paths
}

function socketsUnder(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isSocket()).map((entry) => join(entry.parentPath, entry.name))
}

const isSocket = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true

export class TempHome {
  /** Holds everything; its path is short, so that sockets fit. */
  readonly root: string
  /** `HOME` */
  readonly home: string
  /** `MOSAIC_HOME` */
  readonly mosaicHome: string
  /** The whole environment for child processes. */
  readonly env: Record<string, string>
  /** For `tmux -L`. */
  readonly tmuxSocket: string
  readonly #tmuxDirectory: string
  readonly #marks: readonly string[]

  constructor(options: TempHomeOptions) {
    this.root = mkdtempSync('/tmp/mf-')
    this.home = join(this.root, 'h')
    this.mosaicHome = join(this.root, 'm')
    for (const directory of [this.home, this.mosaicHome]) mkdirSync(directory, { mode: 0o700 })
    this.tmuxSocket = `mosaictest-${randomBytes(5).toString('hex')}`
    this.env = {
      PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'].join(':'),
      HOME: this.home,
      MOSAIC_HOME: this.mosaicHome,
      LANG: 'C.UTF-8',
      MOSAIC_HEARTBEAT_INTERVAL: String(options.heartbeatInterval ?? 0.5),
      ...(options.ownTmuxDirectory === true ? { TMUX_TMPDIR: this.root } : {}),
      ...options.env,
    }
    this.#marks = [`MOSAIC_HOME=${this.mosaicHome}`, `HOME=${this.home}`]
    this.#tmuxDirectory = join(this.env['TMUX_TMPDIR'] ?? process.env['TMUX_TMPDIR'] ?? '/tmp', `tmux-${process.getuid?.() ?? 0}`)
  }

  /** The file of the tmux socket, there or not. */
  get tmuxSocketPath(): string {
    return join(this.#tmuxDirectory, this.tmuxSocket)
  }

  /** Runs tmux on this home's socket. @throws what it wrote when it failed */
  async tmux(...args: string[]): Promise<string> {
    const { stdout } = await run('tmux', ['-u', '-L', this.tmuxSocket, ...args], { env: this.#tmuxEnv(), maxBuffer: 64 * 1024 * 1024 })
    return stdout
  }

  /** What still lives of this home's processes, and the sockets that are still there. */
  leftovers(): Leftovers {
    const live = listening()
    const paths = [...socketsUnder(this.root), ...(isSocket(this.tmuxSocketPath) ? [this.tmuxSocketPath] : [])]
    return {
      processes: processesWith(this.#marks).map((pid) => ({ pid, command: commandOf(pid) })),
      sockets: [...new Set(paths)].map((path) => ({ path, alive: live.has(path) })),
    }
  }

  /**
   * Ends what is left, and removes the files.
   * @throws Error that names a process which does not die (one that is frozen, for instance)
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endTmux()
    try {
      await until(() => this.#killLeftovers() === 0, { what: 'the end of all processes of the temporary home' })
    } catch (error) {
      const names = this.leftovers().processes.map(({ pid, command }) => `${pid} (${command})`)
      throw new Error(`still alive in ${this.root}: ${names.join(', ')}`, { cause: error })
    } finally {
      rmSync(this.tmuxSocketPath, { force: true })
      rmSync(this.root, { recursive: true, force: true, maxRetries: 5 })
    }
  }

  /** The tmux server's environment is not the caller's: only what a test may reach is in it. */
  #tmuxEnv(): Record<string, string> {
    return { ...this.env, TERM: 'xterm-256color' }
  }

  /** A server that hangs is ended like every other process of this home. */
  async #endTmux(): Promise<void> {
    if (!isSocket(this.tmuxSocketPath)) return
    await run('tmux', ['-L', this.tmuxSocket, 'kill-server'], { env: this.#tmuxEnv(), timeout: 5_000, killSignal: 'SIGKILL' }).catch(
      () => undefined,
    )
  }

  /** How many were found. What they start meanwhile is found by the next call. */
  #killLeftovers(): number {
    const found = processesWith(this.#marks)
    for (const pid of found) if (isAlive(pid)) killQuietly(pid)
    return found.length
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone by itself meanwhile.
  }
}

/** `await using home = await tempHome()` */
export const tempHome = async (options: TempHomeOptions = {}): Promise<TempHome> => new TempHome(options)
