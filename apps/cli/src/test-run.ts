/** Runs of the command line in a test's own process: real files, streams that are kept. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { runCli } from './cli.ts'
import type { Sink, Source } from './world.ts'

export interface RunOptions {
  stdin?: string | Buffer | Readable
  env?: Record<string, string>
  /** A terminal of this size instead of a pipe. */
  terminal?: { columns: number; rows: number }
  ending?: AbortSignal
  /** Called with everything that stands on stdout so far. */
  onStdout?(text: string): void
}

export interface RunResult {
  status: number
  stdout: string
  stderr: string
}

class Kept implements Sink {
  text = ''
  readonly isTTY: boolean
  readonly columns?: number
  readonly rows?: number

  readonly #onText: (text: string) => void

  constructor(terminal: RunOptions['terminal'], onText: (text: string) => void = () => {}) {
    this.#onText = onText
    this.isTTY = terminal !== undefined
    if (terminal !== undefined) Object.assign(this, terminal)
  }

  write(text: string): boolean {
    this.text += text
    this.#onText(this.text)
    return true
  }
}

/** A home of its own, gone at the end of the block. */
export class TemporaryHome implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'mosaic-cli-'));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5 })
  }

  /** Runs `mosaic ...argv` on this home. */
  async run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const { stdin, env = {}, terminal, ending = new AbortController().signal, onStdout } = options
    const source: Source = stdin instanceof Readable ? stdin : Readable.from(stdin === undefined ? [] : [Buffer.from(stdin)])
    if (terminal !== undefined && stdin === undefined) source.isTTY = true
    const stdout = new Kept(terminal, onStdout)
    const stderr = new Kept(terminal)
    const path = process.env['PATH'] ?? ''
    const status = await runCli({
      argv,
      env: { PATH: path, HOME: this.path, MOSAIC_HOME: this.path, ...env },
      stdin: source,
      stdout,
      stderr,
      ending,
    })
    return { status, stdout: stdout.text, stderr: stderr.text }
  }
}
