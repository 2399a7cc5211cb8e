/** Which conversations an agent's Claude Code is and was in. */

import { join } from 'node:path'
import { atomicWrite } from '../../files/atomic-write.ts'
import { readBounded } from '../../files/read-bounded.ts'

const RECORD = 'claude-session.json'
const MAX_BYTES = 16 * 1024
/** What ended longer ago was heard long ago. */
const KEPT = 8
const SESSION_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export interface ClaudeSessions {
  /** The conversation in use is the last. */
  ids: readonly string[]
  /** The configuration home that they stand in. */
  directory: string
}

export function readSessions(stateDirectory: string): ClaudeSessions | undefined {
  const read = readBounded(join(stateDirectory, RECORD), MAX_BYTES)
  if (!('text' in read)) return undefined
  try {
    const value = JSON.parse(read.text) as { ids?: unknown; directory?: unknown } | null
    if (!Array.isArray(value?.ids) || typeof value.directory !== 'string') return undefined
    const ids = value.ids.filter((id): id is string => typeof id === 'string' && SESSION_ID.test(id))
    return ids.length === 0 ? undefined : { ids, directory: value.directory }
  } catch {
    return undefined
  }
}

/** Makes `id` the one in use. */
export function noteSession(stateDirectory: string, { id, directory }: { id: string; directory: string }): void {
  if (!SESSION_ID.test(id)) return
  const known = readSessions(stateDirectory)
  if (known?.directory === directory && known.ids.at(-1) === id) return
  const before = known?.directory === directory ? known.ids.filter((other) => other !== id) : []
  atomicWrite(join(stateDirectory, RECORD), `${JSON.stringify({ ids: [...before, id].slice(-KEPT), directory })}\n`)
}
