/** A Node process of a test's own: a module given as text, for what only another process can show. */

import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { killNine } from './faults.ts'
import { until } from './until.ts'

export interface ProgramOptions {
  args?: readonly string[]
  env?: Readonly<Record<string, string>>
  cwd?: string
}

export class NodeProgram implements AsyncDisposable {
  readonly child: ChildProcess
  readonly pid: number
  /** Lines of its stdout so far. */
  readonly lines: string[] = []
  /** Its stderr so far. */
  errors = ''
  #ended = false
  readonly #end: Promise<void>

  constructor(source: string, { args = [], env = {}, cwd }: ProgramOptions) {
    const argv = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', source, '--', ...args]
    this.child = spawn(process.execPath, argv, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', ...env },
      ...(cwd === undefined ? {} : { cwd }),
    })
    this.pid = this.child.pid ?? 0
    this.child.stdin?.on('error', () => {})
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.errors += chunk.toString()
    })
    const lines = createInterface({ input: this.child.stdout as NonNullable<ChildProcess['stdout']> })
    lines.on('line', (line) => this.lines.push(line))
    this.#end = new Promise((resolve) => {
      this.child.once('close', () => {
        this.#ended = true
        resolve()
      })
    })
  }

  get isRunning(): boolean {
    return !this.#ended
  }

  /** Waits for a line that is `text`, or starts with it and a space; gives the line. */
  async said(text: string): Promise<string> {
    const find = () => this.lines.find((line) => line === text || line.startsWith(`${text} `))
    await until(() => find() !== undefined || this.#ended, { what: `"${text}" from the program` })
    const line = find()
    if (line === undefined) throw new Error(`it ended (${this.child.exitCode}) before it said ${text}: ${this.errors}`)
    return line
  }

  /** Sends a line to its stdin. */
  tell(line: string): void {
    this.child.stdin?.write(`${line}\n`)
  }

  /** Waits for its end. */
  async ended(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    await this.#end
    return { code: this.child.exitCode, signal: this.child.signalCode }
  }

  async kill(): Promise<void> {
    if (!this.#ended && this.pid > 1) killNine(this.pid)
    await this.#end
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill()
  }
}

/** Starts `source`, an ES module; `process.argv.slice(1)` are the arguments. Ended with SIGKILL when it is disposed. */
export const nodeProgram = (source: string, options: ProgramOptions = {}): NodeProgram => new NodeProgram(source, options)
