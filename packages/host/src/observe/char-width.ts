/** Columns that a character takes in tmux, which asks the C library: East Asian width, and nothing for what combines. */

const WIDE =
  /^[\u1100-\u115f\u2329\u232a\u2e80-\u3029\u302e-\u303e\u3041-\u3098\u309b-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{16ff1}\u{17000}-\u{18d08}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]/u
/** Flags are made of two letters that are emoji only together. */
const WIDE_EMOJI = /^(?![\u{1f1e6}-\u{1f1ff}])\p{Emoji_Presentation}/u
/** The soft hyphen and the signs that span Arabic and Kaithi numbers format text, but are seen. */
const COMBINING =
  /^(?![\u00ad\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}])[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff\ud7b0-\ud7fb]/u

/** @param char one code point */
export function charWidth(char: string): 0 | 1 | 2 {
  const code = char.codePointAt(0) ?? 0
  if (code < 0x300) return 1
  if (COMBINING.test(char)) return 0
  return WIDE.test(char) || WIDE_EMOJI.test(char) ? 2 : 1
}
