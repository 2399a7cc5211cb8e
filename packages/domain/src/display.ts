/** Untrusted text made harmless for a terminal, a table, a log line or a page. */

/** C0, DEL and C1. Newline and tab are among them: a caller that keeps those says so. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g
/** Characters that reorder or hide text: bidi controls, zero-width, line separators, BOM. */
const DECEPTIVE = /[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g
/** Emoji and some scripts are written with them. */
const JOINERS = '\u200c\u200d'
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

/** True for a character that reorders or hides what stands around it, where the joiners have their use. */
export const isDeceptive = (char: string): boolean => char.search(DECEPTIVE) === 0 && !JOINERS.includes(char)

/** The visible stand-in of one control character: `ESC` is `␛`, DEL `␡`, C1 `‹U+009B›`. */
export function visibleControl(char: string): string {
  const code = char.charCodeAt(0)
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  if (code === 0x7f) return '\u2421'
  return `‹U+${code.toString(16).toUpperCase().padStart(4, '0')}›`
}

/**
 * One line that cannot move a cursor, colour, ring, reorder or break out of its column.
 * Newlines and tabs become visible too.
 */
export function displaySafe(text: string): string {
  return text.replace(LONE_SURROGATE, '\ufffd').replace(CONTROL, visibleControl).replace(DECEPTIVE, visibleControl)
}

/** As `displaySafe`, but newline and tab stay: for a screen's text. */
export function displaySafeText(text: string): string {
  return text
    .replace(LONE_SURROGATE, '\ufffd')
    .replace(CONTROL, (char) => (char === '\n' || char === '\t' ? char : visibleControl(char)))
    .replace(DECEPTIVE, visibleControl)
}
