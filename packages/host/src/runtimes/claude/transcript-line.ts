/** What a line of a Claude Code transcript says. The format is not documented: every field is looked at before it is used. */

import { type Fields, fieldsOf, listOf, textOf } from '../fields.ts'

const countOf = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0)

export interface Usage {
  input: number
  output: number
  cache_read: number
  cache_write: number
  reasoning: number
  cost_usd: null
  model: string | null
}

export type Said =
  /** In the conversation now; `turn` is its number there, where it opened one. */
  | { kind: 'prompt'; texts: readonly string[]; turn: number | undefined }
  /** Waits behind the turn. */
  | { kind: 'queued'; text: string }
  /** What waited was taken out, into the composer or into the turn; which of it, a line that follows says. */
  | { kind: 'unqueued' }
  /** What one call of the model cost; `final` where the call is over. */
  | { kind: 'call'; id: string; usage: Usage; final: boolean; isSub: boolean }
  /** A call that failed for good, in Claude Code's own words. */
  | { kind: 'failed'; error: string; detail: string }
  /** A request left for the model. A second one without an answer between is a retry. */
  | { kind: 'request' }
  | { kind: 'turn-over' }

/** These hold whole requests, and nothing that is not said elsewhere. */
const IS_COPY = /^\{"type":"api-request-/
const IS_REQUEST = /^\{"type":"api-request"/
/** Of Claude Code's own, where no model was. */
const SYNTHETIC = '<synthetic>'

function textsOf(content: unknown): string[] {
  if (typeof content === 'string') return [content]
  return listOf(content)
    .map(fieldsOf)
    .filter(({ type }) => type === 'text')
    .flatMap(({ text }) => textOf(text) ?? [])
}

function userSaid(line: Fields): Said[] {
  const texts = textsOf(fieldsOf(line['message'])['content'])
  if (line['isMeta'] === true || texts.length === 0) return []
  if (texts.some((text) => text.startsWith('[Request interrupted by user'))) return [{ kind: 'turn-over' }]
  const turn = fieldsOf(line['turnPosition'])['turnIndex']
  return [{ kind: 'prompt', texts, turn: typeof turn === 'number' ? turn : undefined }]
}

function assistantSaid(line: Fields): Said[] {
  const message = fieldsOf(line['message'])
  const { id, model, stop_reason: stopReason } = message
  if (line['isApiErrorMessage'] === true) {
    return [{ kind: 'failed', error: textOf(line['error']) ?? '', detail: textsOf(message['content']).join(' ').slice(0, 500) }]
  }
  if (typeof id !== 'string' || model === SYNTHETIC) return []
  const usage = fieldsOf(message['usage'])
  return [
    {
      kind: 'call',
      id,
      final: typeof stopReason === 'string',
      isSub: line['isSidechain'] === true,
      usage: {
        input: countOf(usage['input_tokens']),
        output: countOf(usage['output_tokens']),
        cache_read: countOf(usage['cache_read_input_tokens']),
        cache_write: countOf(usage['cache_creation_input_tokens']),
        // Part of the output.
        reasoning: countOf(fieldsOf(usage['output_tokens_details'])['thinking_tokens']),
        cost_usd: null,
        model: textOf(model) ?? null,
      },
    },
  ]
}

/** A message that came in the middle of a turn and was given to the model beside the result of a tool. */
function attachmentSaid(line: Fields): Said[] {
  const attachment = fieldsOf(line['attachment'])
  if (attachment['type'] !== 'queued_command') return []
  const texts = textsOf(attachment['prompt'])
  return texts.length === 0 ? [] : [{ kind: 'prompt', texts, turn: undefined }]
}

function queueSaid({ operation, content }: Fields): Said[] {
  if (operation === 'popAll') return [{ kind: 'unqueued' }]
  const queued = operation === 'enqueue' ? textOf(content) : undefined
  return queued === undefined ? [] : [{ kind: 'queued', text: queued }]
}

export function saidIn(text: string): Said[] {
  if (text === '' || IS_COPY.test(text)) return []
  if (IS_REQUEST.test(text)) return [{ kind: 'request' }]
  let line: Fields
  try {
    line = fieldsOf(JSON.parse(text))
  } catch {
    return []
  }
  if (line['type'] === 'user') return userSaid(line)
  if (line['type'] === 'assistant') return assistantSaid(line)
  if (line['type'] === 'attachment') return attachmentSaid(line)
  if (line['type'] === 'system') return line['subtype'] === 'turn_duration' ? [{ kind: 'turn-over' }] : []
  return line['type'] === 'queue-operation' ? queueSaid(line) : []
}

/** Claude Code marks a long paste. */
export const withoutPasteMark = (text: string): string =>
  text.replace(/^\s*<pasted_content id="(\w+)">\n([\s\S]*)\n<\/pasted_content id="\1">\s*$/, '$2')
