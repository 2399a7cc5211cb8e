/** The script of the model server as JSON. */

import { amount, flag, listOf, oneOf, parseChecked, record, shape, text, texts } from '../json-shape.ts'
import { PROTOCOL_IDS } from './protocol.ts'
import type { ScriptDocument } from './script.ts'

const reply = shape({
  text,
  toolCalls: listOf(shape({ name: text, input: record }, ['name', 'input'])),
  delayMs: amount,
  chunkDelayMs: amount,
  usage: shape({ input: amount, output: amount, cacheRead: amount, cacheWrite: amount, reasoning: amount }),
  status: amount,
  errorType: text,
  headers: texts,
  hangUp: flag,
  neverAnswer: flag,
})

const when = shape({ contains: text, model: text, protocol: oneOf(PROTOCOL_IDS), nth: amount })

const script = shape({
  rules: listOf(shape({ when, reply, times: amount }, ['when', 'reply'])),
  queue: listOf(reply),
  fallback: reply,
})

/** @throws FleetError `invalid` that names the place and what was expected there */
export const parseScript = (json: string): ScriptDocument => parseChecked(json, script, 'script')
