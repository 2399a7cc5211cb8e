/** Finding `codex`, and asking it once which version it is. */

import { execFile } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { promisify } from 'node:util'
import { FleetError } from '@mosaic/domain/error'
import type { RuntimeProgram } from '@mosaic/domain/ports/runtime'
import { onPath } from '../../files/executable.ts'
import { readBounded } from '../../files/read-bounded.ts'
import { isOlder, rememberedVersions } from '../program-version.ts'

export const CODEX_PACKAGE = '@openai/codex'
const INSTALL = `npm install --global ${CODEX_PACKAGE}`
/** The first whose app-server is known to queue messages, to resume and to revert a conversation as this adapter needs it. */
const OLDEST = [0, 169, 0] as const
/** Its first start after an installation reads some hundred megabytes. */
const VERSION_MS = 30_000
const MAX_SCRIPT_BYTES = 256 * 1024

const run = promisify(execFile)

/** npm installs a script of Node that becomes the program itself, when its Node is as new as ours: so ours runs it. */
function argvOf(file: string): string[] {
  const real = realpathSync(file)
  const read = readBounded(real, MAX_SCRIPT_BYTES)
  return 'text' in read && /^#!.*\bnode\b/.test(read.text) ? [process.execPath, real] : [real]
}

interface CodexSearch {
  /** The roster's own command, if it gives one. */
  command: readonly string[] | undefined
  path: string
}

function findArgv({ command, path }: CodexSearch): string[] {
  const [name = 'codex', ...rest] = command ?? []
  const file = onPath(name, path)
  if (file !== undefined) return rest.length === 0 ? argvOf(file) : [file, ...rest]
  if (command === undefined) throw new FleetError('missing', 'codex is not installed', { mend: INSTALL })
  throw new FleetError('missing', `the roster's command for codex, ${name}, is not there`, {
    mend: 'correct command in the roster, or install it',
  })
}

async function askVersion(argv: readonly string[]): Promise<string> {
  const [program = '', ...args] = argv
  try {
    const { stdout } = await run(program, [...args, '--version'], { timeout: VERSION_MS })
    return /\d+\.\d+\.\d+\S*/.exec(stdout)?.[0] ?? stdout.trim()
  } catch (error) {
    throw new FleetError('missing', `codex does not run: ${argv.join(' ')} --version failed`, { mend: INSTALL, cause: error })
  }
}

/** @throws FleetError `missing` when it is older than what the adapter needs */
export function assertVersion(version: string): void {
  if (!isOlder(version, OLDEST)) return
  throw new FleetError('missing', `codex ${version} is too old: at least ${OLDEST.join('.')} is needed`, { mend: `${INSTALL}@latest` })
}

const versionOf = rememberedVersions(askVersion)

/** @throws FleetError `missing` with what installs it */
export async function locateCodex(search: CodexSearch): Promise<RuntimeProgram> {
  const argv = findArgv(search)
  const version = await versionOf(argv, argv.at(-1) ?? '')
  assertVersion(version)
  return { argv, version }
}
