/** A person's terminal: a shell in a pane of a tmux server that is not the fleet's. What a program does to it is seen and kept. */

import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { commandDirectory } from '@mosaic/host/programs'
import { processFacts } from '@mosaic/testkit/processes'
import { until } from '@mosaic/testkit/until'
import type { FleetUnderTest } from '../fleet-under-test.ts'

const run = promisify(execFile)

/** Nobody's settings, and a prompt that no program prints. */
const SHELL = ['bash', '--noprofile', '--norc']
const PROMPT = 'person$'
const TARGET = '=person:0.0'

interface TerminalSize {
  columns: number
  rows: number
}

export class PersonTerminal implements AsyncDisposable {
  readonly #socket = `mosaictest-${randomBytes(5).toString('hex')}`
  readonly #env: Record<string, string>
  readonly #record: string
  #mark = ''

  private constructor(fleet: FleetUnderTest) {
    const { env, root } = fleet.home
    this.#env = { ...env, PATH: `${commandDirectory}:${env['PATH']}`, TERM: 'xterm-256color', PS1: `${PROMPT} ` }
    this.#record = join(root, `${this.#socket}.bytes`)
  }

  /** A terminal with a shell in it, in which `mosaic` is this build. */
  static async open(fleet: FleetUnderTest, size: TerminalSize): Promise<PersonTerminal> {
    const terminal = new PersonTerminal(fleet)
    const { columns, rows } = size
    const create = ['new-session', '-d', '-s', 'person', '-x', String(columns), '-y', String(rows), '-c', fleet.home.home, '--', ...SHELL]
    await terminal.#tmux('-f', '/dev/null', 'start-server', ';', 'set-option', '-g', 'status', 'off', ';', ...create)
    await terminal.#tmux('pipe-pane', '-t', TARGET, `cat >'${terminal.#record}'`)
    await terminal.prompt()
    return terminal
  }

  /** Types text. */
  async write(text: string): Promise<void> {
    await this.#tmux('send-keys', '-l', '-t', TARGET, '--', text.endsWith(';') ? `${text.slice(0, -1)}\\;` : text)
  }

  /** Types a line and Enter. */
  async type(line: string): Promise<void> {
    await this.write(line)
    await this.press('Enter')
  }

  /** Presses keys by tmux's names of them. */
  async press(...keys: string[]): Promise<void> {
    await this.#tmux('send-keys', '-t', TARGET, ...keys)
  }

  /** What is on the screen. */
  see(): Promise<string> {
    return this.#tmux('capture-pane', '-p', '-t', TARGET)
  }

  /** The first group of `pattern` in all that programs wrote to it, as they wrote it. */
  async wrote(pattern: RegExp): Promise<string> {
    const [, text = ''] = await until(() => pattern.exec(readFileSync(this.#record, 'utf8')), {
      what: `the terminal being sent ${pattern}`,
    })
    return text
  }

  async shows(text: string | RegExp): Promise<string> {
    let seen = ''
    try {
      return await until(
        async () => {
          seen = await this.see()
          return (typeof text === 'string' ? seen.includes(text) : text.test(seen)) && seen
        },
        { what: `the terminal showing ${text}`, everyMs: 50, withinMs: 60_000 },
      )
    } catch (error) {
      throw new Error(`${(error as Error).message}; it shows:\n${seen}`, { cause: error })
    }
  }

  /** Waits until the shell asks for the next line. */
  async prompt(): Promise<void> {
    await this.shows(/person\$\s*$/)
  }

  /** Starts a command line; `ended` then waits for its exit status. */
  async start(line: string): Promise<void> {
    this.#mark = randomBytes(4).toString('hex')
    await this.type(`${line}; echo "${this.#mark.slice(0, 4)}""${this.#mark.slice(4)}=$?"`)
  }

  /** Exit status of what was started, once it has ended and the shell is back. */
  async ended(): Promise<number> {
    const end = new RegExp(`${this.#mark}=(\\d+)\\s+person\\$\\s*$`, 'm')
    return Number(end.exec(await this.shows(end))?.[1])
  }

  /** Process that has the terminal now; the shell itself when nothing else runs. */
  async foreground(): Promise<number> {
    const shell = Number(await this.#tmux('display-message', '-p', '-t', TARGET, '#{pane_pid}'))
    const stat = readFileSync(`/proc/${shell}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[5])
  }

  async resize({ columns, rows }: TerminalSize): Promise<void> {
    await this.#tmux('resize-window', '-t', '=person:0', '-x', String(columns), '-y', String(rows))
  }

  /** Screen, cursor, wrapping and line editing, in words that can be compared. */
  async state(): Promise<string> {
    const format = 'alternate #{alternate_on}, cursor #{cursor_flag}, wrap #{wrap_flag}, mouse #{mouse_any_flag}, tty #{pane_tty}'
    const text = (await this.#tmux('display-message', '-p', '-t', TARGET, format)).trim()
    const [screen = '', tty = ''] = text.split(', tty ')
    const { stdout } = await run('stty', ['-F', tty, '-a'])
    return `${screen}, ${stdout.match(/-?\b(icanon|echo|isig|icrnl|opost)\b/g)?.join(' ')}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const server = Number(await this.#tmux('display-message', '-p', '#{pid}').catch(() => '0'))
    await this.#tmux('kill-server').catch(() => undefined)
    await until(() => server === 0 || processFacts(server) === undefined, { what: 'the end of the terminal' })
    rmSync(join(this.#env['TMUX_TMPDIR'] ?? '/tmp', `tmux-${process.getuid?.() ?? 0}`, this.#socket), { force: true })
  }

  async #tmux(...args: string[]): Promise<string> {
    const { stdout } = await run('tmux', ['-u', '-L', this.#socket, ...args], { env: this.#env, maxBuffer: 64 * 1024 * 1024 })
    return stdout
  }
}
