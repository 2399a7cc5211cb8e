/** Which files of this repository and its packages a run of the command line loads, as the engine itself counts them. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const MAIN = join(import.meta.dirname, 'main.ts')

interface Coverage {
  result: { url: string }[]
}

/** A program of its own, run to its end: `spawnSync`, which only a test may start. */
type Run = (
  program: string,
  argv: string[],
  options: { encoding: 'utf8'; env: Record<string, string> },
) => { status: number | null; stdout: string }

/** Runs the command line by `run`. Paths are absolute. */
export function loadedBy(run: Run, argv: readonly string[], home: string): { status: number | null; stdout: string; files: string[] } {
  const directory = mkdtempSync(join(tmpdir(), 'mosaic-loads-'))
  try {
    const env = { PATH: process.env['PATH'] ?? '', HOME: home, MOSAIC_HOME: home, NODE_V8_COVERAGE: directory }
    const { status, stdout } = run(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...argv], { encoding: 'utf8', env })
    const reports = readdirSync(directory).map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as Coverage)
    const files = reports.flatMap(({ result }) => result.map(({ url }) => url)).filter((url) => url.startsWith('file://'))
    return { status, stdout, files: files.map((url) => new URL(url).pathname) }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** What a quick verb must not wait for. */
export const HEAVY = /\/(zod|yaml|@clack|@bomb\.sh)\/|\/(spool|lock|audit-log|tmux|read-roster)\.ts$/
