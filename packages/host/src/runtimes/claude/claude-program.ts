/** Finding `claude`, asking it once which version it is, and whether it knows what caps its context. */

import { closeSync, openSync, readSync, realpathSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { RuntimeProgram } from '@mosaic/domain/ports/runtime'
import { isExecutable, onPath } from '../../files/executable.ts'
import { readBounded } from '../../files/read-bounded.ts'
import { askVersion, assertNotOlder, commandMissing, notInstalled, rememberedVersions, type Versioned } from '../program-version.ts'
import { CAP_SETTING, CAP_VARIABLE } from './environment.ts'

export const CLAUDE_PACKAGE = '@anthropic-ai/claude-code'
const INSTALL = `npm install --global ${CLAUDE_PACKAGE}`
const CLAUDE: Versioned = {
  called: 'Claude Code',
  install: INSTALL,
  update: `${INSTALL}@latest`,
  // The first whose hooks, status file and transcripts are known to say what this adapter reads.
  oldest: [2, 1, 300],
  // Its first start after an installation reads some hundred megabytes.
  withinMs: 30_000,
}
const MAX_SCRIPT_BYTES = 256 * 1024
const CHUNK_BYTES = 4 * 1024 * 1024

interface ClaudeSearch {
  /** The roster's own command, if it gives one. */
  command: readonly string[] | undefined
  path: string
}

/** The program behind a package manager's shell wrapper, which pnpm names in a comment. */
function behindWrapper(file: string): string {
  const real = realpathSync(file)
  const read = readBounded(real, MAX_SCRIPT_BYTES)
  const target = 'text' in read && read.text.startsWith('#!') ? /^# cmd-shim-target=(.+)$/m.exec(read.text)?.[1] : undefined
  const program = target === undefined ? real : resolve(dirname(real), target)
  return isExecutable(program) ? program : real
}

function findArgv({ command, path }: ClaudeSearch): string[] {
  const [name = 'claude', ...rest] = command ?? []
  const file = onPath(name, path)
  if (file !== undefined) return rest.length === 0 ? [behindWrapper(file)] : [file, ...rest]
  throw command === undefined ? notInstalled(CLAUDE) : commandMissing(CLAUDE, name)
}

const versionOf = rememberedVersions((argv) => askVersion(CLAUDE, argv))

/** @throws FleetError `missing` with what installs it */
export async function locateClaude(search: ClaudeSearch): Promise<RuntimeProgram> {
  const argv = findArgv(search)
  const version = await versionOf(argv, argv[0] ?? '')
  assertNotOlder(CLAUDE, version)
  return { argv, version }
}

/**
 * Whether a program has in it the names by which its context is capped. One that has not works with as much context as
 * its model takes, and costs accordingly. Reads the whole program once: for a doctor, not for a launch.
 */
export function claudeReadsCap(programPath: string): boolean {
  const missing = new Set([CAP_VARIABLE, CAP_SETTING])
  const fd = openSync(realpathSync(programPath), 'r')
  try {
    const overlap = CAP_VARIABLE.length
    const buffer = Buffer.alloc(CHUNK_BYTES + overlap)
    let kept = 0
    while (missing.size > 0) {
      const size = readSync(fd, buffer, kept, CHUNK_BYTES, null)
      if (size === 0) return false
      const window = buffer.subarray(0, kept + size)
      for (const name of [...missing]) if (window.includes(name, 0, 'latin1')) missing.delete(name)
      kept = Math.min(overlap, window.length)
      window.copy(buffer, 0, window.length - kept)
    }
    return true
  } finally {
    closeSync(fd)
  }
}
