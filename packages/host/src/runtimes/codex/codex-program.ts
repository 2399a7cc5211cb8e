/** Finding `codex`, and asking it once which version it is. */

import { realpathSync } from 'node:fs'
import type { RuntimeProgram } from '@mosaic/domain/ports/runtime'
import { onPath } from '../../files/executable.ts'
import { readBounded } from '../../files/read-bounded.ts'
import { askVersion, assertNotOlder, commandMissing, notInstalled, rememberedVersions, type Versioned } from '../program-version.ts'

export const CODEX_PACKAGE = '@openai/codex'
const INSTALL = `npm install --global ${CODEX_PACKAGE}`
const CODEX: Versioned = {
  called: 'codex',
  install: INSTALL,
  update: `${INSTALL}@latest`,
  // The first whose app-server is known to queue messages, to resume and to revert a conversation as this adapter needs it.
  oldest: [0, 169, 0],
  // Its first start after an installation reads some hundred megabytes.
  withinMs: 30_000,
}
const MAX_SCRIPT_BYTES = 256 * 1024

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
  throw command === undefined ? notInstalled(CODEX) : commandMissing(CODEX, name)
}

const versionOf = rememberedVersions((argv) => askVersion(CODEX, argv))

/** @throws FleetError `missing` with what installs it */
export async function locateCodex(search: CodexSearch): Promise<RuntimeProgram> {
  const argv = findArgv(search)
  const version = await versionOf(argv, argv.at(-1) ?? '')
  assertNotOlder(CODEX, version)
  return { argv, version }
}
