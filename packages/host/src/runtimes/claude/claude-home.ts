/** Claude Code's own files, which stand in its configuration home: the account that an agent works for. */

import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { AgentDefinition } from '@mosaic/domain/agent'
import { FleetError } from '@mosaic/domain/error'
import { atomicWrite } from '../../files/atomic-write.ts'
import { fileError } from '../../files/file-error.ts'
import { readBounded } from '../../files/read-bounded.ts'
import { fieldsOf, textOf } from '../fields.ts'

const MAX_SETTINGS_BYTES = 1024 * 1024
/** Of a transcript, in which the first word comes soon. */
const MAX_HEAD_BYTES = 1024 * 1024
const SAID: ReadonlySet<string> = new Set(['user', 'assistant'])

export type Environment = Readonly<Record<string, string | undefined>>

export interface ClaudeHome {
  /** With `projects` and `sessions` in it. */
  directory: string
  /** Claude Code's own state, `.claude.json`. */
  stateFile: string
}

/** The account's home where the roster or the operator names one, else the operator's own. */
export function claudeHome(agent: Pick<AgentDefinition, 'env'>, env: Environment): ClaudeHome {
  const named = agent.env['CLAUDE_CONFIG_DIR'] ?? env['CLAUDE_CONFIG_DIR']
  if (named !== undefined && named !== '') return { directory: named, stateFile: join(named, '.claude.json') }
  const home = agent.env['HOME'] ?? env['HOME'] ?? '/'
  return { directory: join(home, '.claude'), stateFile: join(home, '.claude.json') }
}

export const sessionsDirectory = (directory: string): string => join(directory, 'sessions')

/** The transcript of a conversation, which Claude Code files under a name that it makes of the working directory. */
export function transcriptOf(directory: string, sessionId: string): string | undefined {
  const projects = join(directory, 'projects')
  try {
    return readdirSync(projects)
      .map((project) => join(projects, project, `${sessionId}.jsonl`))
      .find((file) => existsSync(file))
  } catch {
    return undefined
  }
}

/**
 * Whether Claude Code finds a conversation in its transcript: a word of somebody. It makes the file earlier, with its modes
 * alone; killed then, it ends at once each time it is told to go on with it.
 */
export function isConversation(transcript: string): boolean {
  const fd = openSync(transcript, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const buffer = Buffer.allocUnsafe(MAX_HEAD_BYTES)
    const size = readSync(fd, buffer, 0, MAX_HEAD_BYTES, 0)
    const lines = buffer.subarray(0, size).toString('utf8').split('\n').slice(0, -1)
    // What is longer than that has been talked in.
    return size === MAX_HEAD_BYTES || lines.some((line) => SAID.has(textOf(parsed(line)?.['type']) ?? ''))
  } finally {
    closeSync(fd)
  }
}

/** The permission mode in which the operator's own settings begin. */
export function defaultModeOf({ directory }: ClaudeHome): string | undefined {
  const read = readBounded(join(directory, 'settings.json'), MAX_SETTINGS_BYTES)
  const permissions = 'text' in read ? parsed(read.text)?.['permissions'] : undefined
  return textOf(fieldsOf(permissions)['defaultMode'])
}

export const ONBOARDED_KEY = 'hasCompletedOnboarding'
/** Ends the name of what is kept beside the file, which is also the note that the fleet wrote into it. */
export const BEFORE = '.before-mosaic'

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** Whether `ensureOnboarded` would write into the home's file. */
export function missesOnboarding({ stateFile }: ClaudeHome): boolean {
  if (!existsSync(stateFile)) return true
  try {
    const fields = parsed(readFileSync(stateFile, 'utf8'))
    return fields !== undefined && fields[ONBOARDED_KEY] !== true
  } catch {
    return false
  }
}

/** In an agent's state directory: the files that were written into for it, one a line. */
const NOTE_FILE = 'claude-homes'
const MAX_NOTE_BYTES = 1024 * 1024

/** Keeps in mind that the home's file is about to be written into, whatever becomes of the roster or the account that named it. */
export function noteHome(stateDirectory: string, { stateFile }: ClaudeHome): void {
  if (notedHomes(stateDirectory).includes(stateFile)) return
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 })
  const noted = [...notedHomes(stateDirectory), stateFile]
  atomicWrite(join(stateDirectory, NOTE_FILE), `${noted.join('\n')}\n`)
}

/** The files that were written into for this agent. */
export function notedHomes(stateDirectory: string): string[] {
  const read = readBounded(join(stateDirectory, NOTE_FILE), MAX_NOTE_BYTES)
  return 'text' in read ? read.text.split('\n').filter((line) => line !== '') : []
}

/**
 * Before its first start Claude Code asks for a theme and a login in the terminal. A home that never saw a start is told
 * that this is done: the one key that the fleet adds to an operator's file, and only where it is missing. What was there is
 * kept beside it.
 * @throws FleetError `refused` for a file that is not understood: it is left as it is
 */
export function ensureOnboarded({ stateFile }: ClaudeHome): void {
  try {
    const file = existsSync(stateFile) ? realpathSync(stateFile) : undefined
    const before = file === undefined ? {} : parsed(readFileSync(file, 'utf8'))
    if (before === undefined) {
      throw new FleetError('refused', `${stateFile} is not JSON`, { where: stateFile, mend: 'correct it, or start claude once yourself' })
    }
    if (before[ONBOARDED_KEY] === true) return
    if (file === undefined) {
      mkdirSync(dirname(stateFile), { recursive: true, mode: 0o700 })
      // Empty: there was none.
      atomicWrite(`${stateFile}${BEFORE}`, '')
    } else copyFileSync(file, `${file}${BEFORE}`)
    atomicWrite(file ?? stateFile, `${JSON.stringify({ ...before, [ONBOARDED_KEY]: true }, null, 2)}\n`)
  } catch (error) {
    throw fileError(error) ?? error
  }
}
