/** What OpenCode's server says, read defensively: its process is not trusted to be well-behaved. */

import { messageIdOf } from '@mosaic/domain/preamble'
import { type Fields, fieldsOf, isFields, listOf, numberOf, textOf } from '../fields.ts'

/** One message of a conversation; an assistant's is one call of the model. */
export interface MessageInfo {
  id: string
  sessionID: string
  role: 'user' | 'assistant'
  createdMs: number
  /** `undefined`: not ended; for ever so when its process was killed. */
  completedMs: number | undefined
  /** The user's message that an assistant's answers. */
  parentID: string | undefined
  error: Fields | undefined
  /** True for what a compaction wrote. */
  isSummary: boolean
  fields: Fields
}

export interface StoredMessage {
  info: MessageInfo
  /** The text of a user's message. */
  text: string
  textPartID: string | undefined
}

export function messageInfoOf(value: unknown): MessageInfo | undefined {
  const fields = fieldsOf(value)
  const { id, sessionID, role } = fields
  if (typeof id !== 'string' || typeof sessionID !== 'string' || (role !== 'user' && role !== 'assistant')) return undefined
  const time = fieldsOf(fields['time'])
  return {
    id,
    sessionID,
    role,
    createdMs: numberOf(time['created']) ?? 0,
    completedMs: numberOf(time['completed']),
    parentID: textOf(fields['parentID']),
    error: isFields(fields['error']) ? fields['error'] : undefined,
    isSummary: fields['summary'] === true,
    fields,
  }
}

export function storedMessageOf(value: unknown): StoredMessage | undefined {
  const { info: stored, parts } = fieldsOf(value)
  const info = messageInfoOf(stored)
  if (info === undefined) return undefined
  const part = listOf(parts)
    .map(fieldsOf)
    .find(({ type, synthetic }) => type === 'text' && synthetic !== true)
  return { info, text: textOf(part?.['text']) ?? '', textPartID: textOf(part?.['id']) }
}

/** Our message in a user's message, if it is one. */
export const fleetIdOf = ({ info, text }: StoredMessage): string | undefined => (info.role === 'user' ? messageIdOf(text) : undefined)

/** Something that waits for a person's answer. */
export interface Pending {
  id: string
  what: string
}

const MAX_WHAT = 500

export function permissionOf(value: unknown): Pending | undefined {
  const { id, permission, patterns } = fieldsOf(value)
  if (typeof id !== 'string') return undefined
  const on = listOf(patterns)
    .filter((pattern) => typeof pattern === 'string')
    .join(', ')
  return { id, what: `permission: ${textOf(permission) ?? 'unknown'} ${on}`.trim().slice(0, MAX_WHAT) }
}

export function questionOf(value: unknown): Pending | undefined {
  const { id, questions } = fieldsOf(value)
  if (typeof id !== 'string') return undefined
  const asked = listOf(questions).flatMap((question) => textOf(fieldsOf(question)['question']) ?? [])
  return { id, what: `question: ${asked.join(' ')}`.trim().slice(0, MAX_WHAT) }
}

/** Statuses of the sessions that are not idle, by id. */
export function busySessions(value: unknown): Map<string, Fields> {
  const entries = Object.entries(fieldsOf(value)).map(([id, status]) => [id, fieldsOf(status)] as const)
  return new Map(entries.filter(([, status]) => status['type'] !== 'idle'))
}
