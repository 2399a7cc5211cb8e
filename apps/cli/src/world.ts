/** What a run of the command line is given. Nothing below `main` reads the process itself. */

import type { Readable } from 'node:stream'

export interface Sink {
  write(text: string): unknown
  isTTY?: boolean
  columns?: number
  rows?: number
  on?(event: 'resize', listener: () => void): unknown
  off?(event: 'resize', listener: () => void): unknown
}

export type Source = Readable & { isTTY?: boolean; setRawMode?(raw: boolean): unknown }

export interface World {
  /** Arguments after the program's name. */
  argv: readonly string[]
  env: Readonly<Record<string, string | undefined>>
  readonly stdin: Source
  stdout: Sink
  stderr: Sink
  /** Aborted by Ctrl-C (reason `interrupt`), or when nobody reads stdout any more (reason `closed`). */
  ending: AbortSignal
}
