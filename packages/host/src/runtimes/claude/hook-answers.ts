/** What hooks of Claude Code are answered with, and what they ask. */

import { fieldsOf, textOf } from '../fields.ts'

const MAX_DETAIL = 300

export const TAKEN_BEFORE = {
  continue: false,
  stopReason: 'This message was taken before. It is not to be worked off again.',
}

/** What a tool is about to do, for whoever is asked. */
export function asked(payload: unknown): string {
  const { tool_name: tool, tool_input: input } = fieldsOf(payload)
  const { command, file_path: file, questions } = fieldsOf(input)
  const question = Array.isArray(questions) ? fieldsOf(questions[0])['question'] : undefined
  const what = textOf(command) ?? textOf(file) ?? textOf(question)
  return `${textOf(tool) ?? 'a tool'}${what === undefined ? '' : `: ${what}`}`.slice(0, MAX_DETAIL)
}

/** What is typed: `text` is exactly what is to reach the model. */
export interface Typed {
  id: string
  text: string
  mode: 'turn' | 'queued'
  /** It was accepted before, and lost. */
  again: boolean
}

/**
 * The composer makes blanks of tabs, cuts blanks at the end of a short text, and composes its characters, the last after
 * its hook was told. The model is told where it finds what was sent. The text itself is not put here: what a hook adds is
 * given to the model with the authority of the system, and a message has that of its sender.
 */
export const taken = ({ id, text }: Typed, prompt: string): unknown => {
  if (text === prompt && text.normalize('NFC') === text) return {}
  const additionalContext =
    `The terminal changed blanks in the message #${id}: each tab became four blanks, and blanks at its end may be gone. ` +
    'Where that matters, the tool fleet_inbox, called with that id, has it byte for byte.'
  return { hookSpecificOutput: { hookEventName: 'UserPromptSubmit', additionalContext } }
}
