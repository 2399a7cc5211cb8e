/** Taking back what `ensureOnboarded` wrote into a home of Claude Code. */

import { existsSync, readFileSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { atomicWrite } from '../../files/atomic-write.ts'
import { BEFORE, type ClaudeHome, ONBOARDED_KEY } from './claude-home.ts'

/** Claude Code's own note that somebody went through its first questions: then the key is not ours alone any more. */
const ASKED_KEY = 'lastOnboardingVersion'

const actual = ({ stateFile }: ClaudeHome): string => (existsSync(stateFile) ? realpathSync(stateFile) : stateFile)

function fieldsIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = text === '' ? {} : JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** The file that has an addition of the fleet in it; `undefined` where it added nothing. */
export function additionIn(home: ClaudeHome): string | undefined {
  const file = actual(home)
  return existsSync(`${file}${BEFORE}`) ? file : undefined
}

/**
 * The key goes, and with it the copy. A file in which nobody else wrote since is byte for byte what it was; one that is not
 * understood any more is left alone with its copy.
 * @returns false when it was left alone
 */
export function takeBack(file: string): boolean {
  const copy = `${file}${BEFORE}`
  const before = readFileSync(copy, 'utf8')
  const now = existsSync(file) ? fieldsIn(readFileSync(file, 'utf8')) : undefined
  if (existsSync(file) && now === undefined) return false
  if (now !== undefined && Object.hasOwn(now, ONBOARDED_KEY) && !Object.hasOwn(now, ASKED_KEY)) {
    const { [ONBOARDED_KEY]: _, ...rest } = now
    if (before === '' && Object.keys(rest).length === 0) rmSync(file)
    else if (before !== '' && isDeepStrictEqual(rest, fieldsIn(before))) {
      renameSync(copy, file)
      return true
    } else atomicWrite(file, `${JSON.stringify(rest, null, 2)}\n`, { mode: statSync(file).mode & 0o777 })
  }
  rmSync(copy)
  return true
}
