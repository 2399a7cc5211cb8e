/** The conversation on disk: exact text, one JSON line per entry, so that a restarted program knows what was said. */

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { AppendFile } from '../../../signals/append-file.ts'

const ROTATE_BYTES = 4 * 1024 * 1024
/** How much of the end is read on resume, bytes. */
const TAIL_BYTES = 1024 * 1024

export interface TranscriptEntry {
  /** Epoch milliseconds. */
  at: number
  /** `cleared` begins a new conversation. */
  role: 'user' | 'assistant' | 'notice' | 'cleared'
  text: string
  /** The message id of a delivered message. */
  id?: string
}

function entryOf(line: string): TranscriptEntry | undefined {
  try {
    const value = JSON.parse(line) as Partial<TranscriptEntry> | null
    return typeof value?.role === 'string' && typeof value.text === 'string' ? (value as TranscriptEntry) : undefined
  } catch {
    return undefined
  }
}

/** The last whole lines of a regular file, oldest first. */
function tailLines(path: string): string[] {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch {
    return []
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) return []
    const from = Math.max(0, stat.size - TAIL_BYTES)
    const buffer = Buffer.alloc(stat.size - from)
    const text = buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, from))
    const lines = text.split('\n')
    return from > 0 ? lines.slice(1) : lines
  } finally {
    closeSync(fd)
  }
}

export interface Transcript extends Disposable {
  /** What is remembered of the conversation that is going on. */
  readonly resumed: readonly TranscriptEntry[]
  append(entry: TranscriptEntry): void
}

/** A transcript of a program that runs outside a fleet: kept nowhere. */
export const noTranscript: Transcript = { resumed: [], append: () => {}, [Symbol.dispose]: () => {} }

/** @param resume false begins a new conversation in the same file */
export function openTranscript(directory: string, resume: boolean): Transcript {
  const path = join(directory, 'transcript.jsonl')
  const entries = resume ? tailLines(path).map(entryOf) : []
  const known = entries.filter((entry) => entry !== undefined)
  const file = new AppendFile(path, ROTATE_BYTES)
  const append = (entry: TranscriptEntry) => file.append(JSON.stringify(entry), false)
  if (!resume && file.size > 0) append({ at: Date.now(), role: 'cleared', text: '' })
  const resumed = known.slice(known.findLastIndex(({ role }) => role === 'cleared') + 1)
  return { resumed, append, [Symbol.dispose]: () => file[Symbol.dispose]() }
}
