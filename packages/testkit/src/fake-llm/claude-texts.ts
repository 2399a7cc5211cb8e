/** What Claude Code 2.1.329 makes of a text between its composer and its model: this, and nothing else. */

/** What comes in the middle of a turn is given to the model within these words. */
const IN_A_TURN = /^The user sent a new message while you were working:\n([\s\S]*?)\n\nThis is how /
/** What is pasted and is long; the mark ends a last line that has no end. */
const PASTE = /^\s*<pasted_content id="([0-9a-f]{4})">\n([\s\S]*\n)<\/pasted_content id="\1">\s*$/
/** From so many characters, or more lines than this, a paste is kept by itself, and comes with its mark. */
const LONG_CHARACTERS = 800
const LONG_LINES = 3

/** A user's text as it was before Claude Code put its own words around it. */
export function claudeUnwrapped(text: string): string {
  const own = IN_A_TURN.exec(text)?.[1] ?? text
  return PASTE.exec(own)?.[2] ?? own
}

/** What comes out of it for a text that is pasted: a long one is kept, but for its tabs, and its last line has an end. */
export function claudeComposed(text: string): string {
  const blanks = text.replaceAll('\t', '    ')
  const isLong = blanks.length > LONG_CHARACTERS || blanks.split('\n').length > LONG_LINES
  if (isLong) return blanks.endsWith('\n') ? blanks : `${blanks}\n`
  return blanks.trimEnd().normalize('NFC')
}
