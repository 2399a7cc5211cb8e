/** What Claude Code gives its status line: the window of the context, and those of the account. */

import type { LimitWindow, SignalBody } from '@mosaic/domain/signal'
import { readBounded } from '../../files/read-bounded.ts'
import { fieldsOf } from '../fields.ts'

export const STATUS_LINE_FILE = 'claude-status-line.json'
const MAX_BYTES = 64 * 1024

/** Their lengths, minutes, by Claude Code's own names. */
const MINUTES: Readonly<Record<string, number>> = { five_hour: 300, seven_day: 10_080 }

const numberOf = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null)

function windowOf(name: string, value: unknown): LimitWindow[] {
  const { used_percentage: used, resets_at: resets } = fieldsOf(value)
  const percent = numberOf(used)
  const seconds = numberOf(resets)
  if (percent === null) return []
  return [
    { name: name.slice(0, 64), used_percent: percent, minutes: MINUTES[name] ?? null, resets_at: seconds === null ? null : seconds * 1000 },
  ]
}

/** Signals in one status line; none for a text that is none, as one that is being written. */
export function statusLineSignals(text: string): SignalBody[] {
  try {
    const value = fieldsOf(JSON.parse(text))
    const context = fieldsOf(value['context_window'])
    const limit = numberOf(context['context_window_size'])
    const { input_tokens: input, cache_creation_input_tokens: written, cache_read_input_tokens: read } = fieldsOf(context['current_usage'])
    const used = numberOf(input) === null ? null : Number(input) + (numberOf(written) ?? 0) + (numberOf(read) ?? 0)
    const limits = value['rate_limits']
    return [
      ...(limit === null ? [] : [{ kind: 'context' as const, used, limit }]),
      // An account that has none says nothing of them.
      ...(limits === undefined
        ? []
        : [
            {
              kind: 'limits' as const,
              windows: Object.entries(fieldsOf(limits))
                .flatMap(([name, window]) => windowOf(name, window))
                .slice(0, 16),
            },
          ]),
    ]
  } catch {
    return []
  }
}

export function readStatusLine(file: string): SignalBody[] {
  const read = readBounded(file, MAX_BYTES)
  return 'text' in read ? statusLineSignals(read.text) : []
}
