/**
 * What the screens of the built-in runtimes show. A screen proves little, and whoever can be asked is asked; a screen that is
 * not known is `unknown`, and is never typed into.
 */

import type { RuntimeId } from '@mosaic/domain/roster'
import { type Classified, classifyScreen, type ScreenRules } from '@mosaic/domain/screen-rules'
import { claudeScreen } from './claude/screen.ts'

/** The end of the screen: what stands above the composer is the conversation, which can say anything. */
const END = '\\s*(?![\\s\\S])'
const LINE = '[^\\n]+\\n'

/** Its composer stands above two lines of its own, or one while it starts. */
const CODEX_FOOT = `\\n\\n(?:${LINE})?[^\\n]+${END}`
const CODEX: ScreenRules = {
  waiting: [`^  Press enter to confirm or esc to cancel${END}`],
  draft: [`^› (?!Ask Codex to do anything$)[^\\n]+(?:\\n  [^\\n]+)*${CODEX_FOOT}`],
  busy: [`^• Working \\([^\\n]*esc to interrupt[^\\n]*\\n+› Ask Codex to do anything${CODEX_FOOT}`],
  idle: [`^› Ask Codex to do anything${CODEX_FOOT}`],
}

/** Its composer stands between two rules, the first of which tells its work. */
const PI_FOOT = `^─{10,}\\n${LINE}[^\\n]+${END}`
const PI: ScreenRules = {
  waiting: [`^ \\S+ navigate  enter select  escape/ctrl\\+c cancel\\n\\n${PI_FOOT}`],
  draft: [`^──[^\\n]*\\n(?:[^\\n─]*\\n)*[^\\n─]*[^\\s─][^\\n─]*\\n(?:[^\\n─]*\\n)*${PI_FOOT}`],
  busy: [`^── \\S (?:Working|Retrying|Compacting)[^\\n]*\\n\\s*\\n${PI_FOOT}`],
  idle: [`^─{10,}\\n\\s*\\n${PI_FOOT}`],
}

/** The last line of its composer's box is its own; beside the box can stand a column of other things. */
const OPENCODE_ASIDE = '(?: {20,}[^\\n]*)?\\n'
const OPENCODE_FOOT = `  ┃  \\S[^\\n]*\\n  ╹▀+[^\\n]*\\n`
const OPENCODE: ScreenRules = {
  waiting: ['^  ┃  △ Permission required', '^  ┃[^\\n]*⇆ select  enter (?:confirm|submit)'],
  draft: [`^  ┃  \\S[^\\n]*\\n(?:  ┃[^\\n]*\\n)*  ┃${OPENCODE_ASIDE}${OPENCODE_FOOT}[^\\n]+${END}`],
  busy: [`^${OPENCODE_FOOT}   [■⬝]+  esc (?:again to )?interrupt[^\\n]*${END}`],
  idle: [`^(?:  ┃${OPENCODE_ASIDE}){3}${OPENCODE_FOOT}   (?![■⬝])[^\\n]+${END}`],
}

const find = (pattern: string, text: string): number | undefined => new RegExp(pattern, 'mu').exec(text)?.index

const RULES: Readonly<Record<string, ScreenRules>> = { codex: CODEX, opencode: OPENCODE, pi: PI }

export function classifyRuntimeScreen(runtime: RuntimeId, screen: string): Classified {
  if (runtime === 'claude') return claudeScreen(screen)
  const rules = RULES[runtime]
  return rules === undefined ? { activity: 'unknown', line: null } : classifyScreen(screen, rules, find)
}
