/** The port that each of the three model APIs implements, and the small readers they share. */

import { isRecord } from '../json-shape.ts'
import type { Answer, Failure } from './reply.ts'

export const PROTOCOL_IDS = ['anthropic-messages', 'openai-responses', 'openai-completions'] as const
export type ProtocolId = (typeof PROTOCOL_IDS)[number]

/** What a request body says, in words that all three APIs share. */
export interface Reading {
  model: string
  stream: boolean
  /** Every text of the user in the conversation, oldest first. */
  userTexts: string[]
  /** What the user said since the model last spoke. Empty in the middle of a tool loop. */
  prompt: string
  systemText: string
  toolNames: string[]
  /** Results of tools since the model last spoke. */
  toolResults: string[]
}

export interface Problem {
  problem: string
  param: string
  /** True when the parameter is absent, false when it is wrong. */
  absent: boolean
}

/** One server-sent event. */
export interface Frame {
  event: string | undefined
  /** Sent as JSON; a string is sent as it is. */
  data: unknown
  /** True for a piece of content: the pace of a scripted reply applies before it. */
  paced: boolean
}

export type Body = Readonly<Record<string, unknown>>

export interface Protocol {
  readonly id: ProtocolId
  read(body: Body): Reading | Problem
  /** The whole answer as one JSON document. */
  whole(answer: Answer): unknown
  /** The same answer as a stream. */
  frames(answer: Answer, body: Body): Frame[]
  /** The body of an HTTP error. */
  failure(failure: Failure): unknown
  /** The event with which a stream that began well breaks off, after `sent` others. */
  broken(failure: Failure, answer: Answer, sent: number): Frame
  /** The status that goes with an error type, when only the type is scripted. */
  statusOf(errorType: string): number
}

export const recordsOf = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value.filter(isRecord) : [])

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The text in a content that is a string or a list of parts, of parts of the given types. */
export function contentTexts(content: unknown, types: readonly string[]): string[] {
  if (typeof content === 'string') return [content]
  return recordsOf(content)
    .filter((part) => types.includes(textOf(part['type'])))
    .map((part) => textOf(part['text']))
}

/** One thing that was said in a conversation, whatever the API calls it. */
export interface Utterance {
  by: 'user' | 'model' | 'system' | 'tool'
  texts: string[]
}

/** The fields of a `Reading` that follow from the conversation. */
export function digest(said: readonly Utterance[]): Pick<Reading, 'userTexts' | 'prompt' | 'systemText' | 'toolResults'> {
  const of = (by: Utterance['by'], from: readonly Utterance[]) => from.filter((one) => one.by === by).flatMap((one) => one.texts)
  const sinceModel = said.slice(said.findLastIndex((one) => one.by === 'model') + 1)
  return {
    userTexts: of('user', said),
    prompt: of('user', sinceModel).join('\n'),
    systemText: of('system', said).join('\n'),
    toolResults: of('tool', sinceModel),
  }
}
