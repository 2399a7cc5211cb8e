/** What stands in Claude Code's composer, read from its screen: the one thing that it tells in no other way. */

export type Composer = { shown: true; text: string } | { shown: false }

const RULE = /^─{10,}/
const PROMPT = /^[❯>][\s\u00a0]?/
/** Its own words in an empty composer, which a plain screen cannot tell from typed ones. */
const PLACEHOLDERS = [/^Press up to edit queued messages$/, /^Try "/, /^Message @/]

/**
 * The composer is the box between the last two rules, and its first line has the prompt sign. A dialog takes its place.
 */
export function composerOn(screen: string): Composer {
  const lines = screen.split('\n').map((line) => line.trimEnd())
  const rules = lines.flatMap((line, index) => (RULE.test(line) ? [index] : []))
  const [top, bottom] = rules.slice(-2)
  if (top === undefined || bottom === undefined) return { shown: false }
  const [first = '', ...rest] = lines.slice(top + 1, bottom)
  if (!PROMPT.test(first)) return { shown: false }
  const text = [first.replace(PROMPT, ''), ...rest].join('\n').trim()
  return { shown: true, text: PLACEHOLDERS.some((placeholder) => placeholder.test(text)) ? '' : text }
}
