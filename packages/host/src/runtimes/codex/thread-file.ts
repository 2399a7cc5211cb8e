/** Which conversation an agent's codex is in, written by the host service, read at the next launch and connection. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { atomicWrite } from '../../files/atomic-write.ts'
import { readBounded } from '../../files/read-bounded.ts'
import { listOf } from '../fields.ts'

const FILE = 'codex-thread.json'
/** So many left files are remembered: what was accepted in them is not accepted again. */
const KEEP_EARLIER = 16
const THREAD_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export const isThreadId = (text: unknown): text is string => typeof text === 'string' && THREAD_ID.test(text)

export interface ThreadRecord {
  thread: string
  /** Its rollout file; codex makes it with the first turn. */
  rollout: string
  /** Files that the agent's conversation was in before, the last one first. */
  earlier: readonly string[]
  /** When this was written, epoch milliseconds. */
  at: number
}

const isPath = (value: unknown): value is string => typeof value === 'string' && value.startsWith('/')

export function readThread(stateDirectory: string): ThreadRecord | undefined {
  const read = readBounded(join(stateDirectory, FILE), 64 * 1024)
  if (!('text' in read)) return undefined
  try {
    const { thread, rollout, earlier, at } = JSON.parse(read.text) as Partial<Record<keyof ThreadRecord, unknown>>
    if (!isThreadId(thread) || !isPath(rollout)) return undefined
    return { thread, rollout, earlier: listOf(earlier).filter(isPath), at: typeof at === 'number' ? at : 0 }
  } catch {
    return undefined
  }
}

/** @returns what stands there now */
export function rememberThread(stateDirectory: string, thread: string, rollout: string, nowMs: number): ThreadRecord {
  const before = readThread(stateDirectory)
  if (before?.thread === thread && before.rollout === rollout) return before
  const left = before === undefined || before.rollout === rollout ? [] : [before.rollout]
  const earlier = [...new Set([...left, ...(before?.earlier ?? [])])].filter((file) => file !== rollout).slice(0, KEEP_EARLIER)
  const record: ThreadRecord = { thread, rollout, earlier, at: nowMs }
  atomicWrite(join(stateDirectory, FILE), `${JSON.stringify(record)}\n`)
  return record
}

/** The conversation to go on with; one that never had a turn is not on the disk. */
export function resumable(stateDirectory: string): string | undefined {
  const record = readThread(stateDirectory)
  return record !== undefined && existsSync(record.rollout) ? record.thread : undefined
}

/** When a thread was begun, epoch milliseconds: its id is a UUID of version 7. */
export const begunAt = (thread: string): number => Number.parseInt(thread.replaceAll('-', '').slice(0, 12), 16)
