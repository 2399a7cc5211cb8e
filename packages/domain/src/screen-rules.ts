/**
 * What a screen says of a program that says nothing itself: regular expressions per state. The last resort: a screen that
 * none of them describes is unknown, and is never typed into.
 */

import { z } from 'zod'
import type { Activity } from './signal.ts'

const MAX_PATTERN = 512

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'mu')
    return true
  } catch {
    return false
  }
}

const patterns = (description: string) =>
  z
    .array(
      z
        .string()
        .min(1, 'text that is not empty')
        .max(MAX_PATTERN, `at most ${MAX_PATTERN} characters`)
        .refine(isPattern, 'a regular expression'),
    )
    .min(1)
    .max(16)
    .describe(description)

export const ScreenRulesSchema = z
  .strictObject({
    idle: patterns('It takes input, and its composer is empty.'),
    busy: patterns('It works.').optional(),
    waiting: patterns('A question or permission is open: nothing is typed.').optional(),
    draft: patterns('Its composer holds text that was not sent: nothing is typed.').optional(),
    submit_key: z.enum(['Enter', 'Tab']).describe('The key that sends what was pasted; defaults to Enter.').optional(),
  })
  .describe(
    'How its screen shows what it does: regular expressions, any of which is found in the visible text, where ^ and $ match at each line.',
  )
export type ScreenRules = z.infer<typeof ScreenRulesSchema>

/** The most cautious first: what looks like a question is one, whatever else is on the screen. */
const ORDER = ['waiting', 'draft', 'busy', 'idle'] as const satisfies readonly Activity[]

export interface Classified {
  activity: Activity | 'unknown'
  /** The line in which it was seen. */
  line: string | null
}

/** @param find where the pattern is found in the text, `undefined` when it is not; `late`: not known, and so the screen is not either */
export function classifyScreen(
  text: string,
  rules: ScreenRules,
  find: (pattern: string, text: string) => number | undefined | 'late',
): Classified {
  if (text.trim() === '') return { activity: 'unknown', line: null }
  for (const activity of ORDER) {
    for (const pattern of rules[activity] ?? []) {
      const at = find(pattern, text)
      if (at === 'late') return { activity: 'unknown', line: null }
      if (at === undefined) continue
      const start = text.lastIndexOf('\n', at - 1) + 1
      const end = text.indexOf('\n', at)
      return { activity, line: text.slice(start, end === -1 ? undefined : end).trim() }
    }
  }
  return { activity: 'unknown', line: null }
}
