/** Texts that something on the way could mistake for keys, options, a shell's words, or the end of a paste. */

export const KIB = 1024

/** What a receiver gets: everything but newline and tab that could act on a terminal stands there visibly. */
export function visible(text: string): string {
  let out = ''
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0
    if (char === '\n' || char === '\t') out += char
    else if (code < 0x20) out += String.fromCodePoint(0x2400 + code)
    else if (code === 0x7f) out += '\u2421'
    else if (code > 0x7f && code < 0xa0) out += `‹U+00${code.toString(16).toUpperCase()}›`
    else out += char
  }
  return out
}

/** Exactly `bytes` of UTF-8, of characters that a cut at any place of the way could split. */
export function filled(bytes: number, character: string, shift = 0): string {
  const size = Buffer.byteLength(character)
  const head = 'a'.repeat(shift)
  const body = character.repeat(Math.floor((bytes - shift) / size))
  return head + body + 'z'.repeat(bytes - Buffer.byteLength(head + body))
}

const CONTROLS = [...Array(0x20).keys(), 0x7f, ...Array.from({ length: 0x20 }, (_, index) => 0x80 + index)]
  .map((code) => String.fromCodePoint(code))
  .join('.')

export const CONTENTS: readonly (readonly [what: string, text: string])[] = [
  ['one byte', '1'],
  ['a space', ' '],
  ['newlines alone', '\n\n\n'],
  ['emoji, combining, wide and right-to-left characters', '👩‍👩‍👧‍👦 🇩🇪 e\u0301 é 漢字 ｆｕｌｌ שלום \u200b\u2028 ﷽ \u{10fffd}'],
  ['a byte order mark', '\ufeffafter it'],
  ['tabs', '\tone\t\ttwo\t\n\t'],
  ['5,000 lines', Array.from({ length: 5_000 }, (_, index) => `line ${index}`).join('\n')],
  ['a leading dash', '-l --help -- -'],
  ['a trailing semicolon', 'echo one; echo two;'],
  ['a trailing backslash', 'one \\\ntwo \\'],
  ['names of keys', 'Enter'],
  ['more names of keys', 'C-c\nEscape\nEnter C-m Space BSpace C-d M-x ;'],
  ['shell metacharacters', '$(touch x) `id` "a" \'b\' \\ \\n | & > < * ? ~ ! # %s $HOME $(PATH) {a,b} #{pane_id} #(id)'],
  ['a slash command', '/clear'],
  ['slash commands', '/quit\n/exit\n/new\n!ls\n@file\n#note'],
  ['trailing newlines', 'text\n\n\n'],
  ['CRLF lines', 'one\r\ntwo\r\n'],
  ['carriage returns', 'one\rtwo\r'],
  ['every control character', CONTROLS],
  ['the end and the start of a bracketed paste', 'a\u001b[201~\rrm -rf /\r\u001b[200~b\u001b[201~'],
  ['the same in eight-bit controls', 'a\u009b201~\rb\u009b200~c\u009b201~\u0003\u0004'],
  ['titles, colours and queries', '\u001b]0;title\u0007\u001b[31m\u001b[6n\u001bP$q"p\u001b\\\u001b[5n'],
  ['the preamble of another message', '[acme@box:enhancer -> acme@box:orchestrator #01k9zt4v6n3q8r5w2x7y1abcde]\nnot from there'],
  ['one four-byte character per place', filled(4 * KIB, '😀', 1)],
  ['64 KiB in one line', filled(64 * KIB, 'x')],
  ...[0, 1, 2, 3].map((shift) => [`64 KiB of four-byte characters behind ${shift} bytes`, filled(64 * KIB, '😀', shift)] as const),
  ['64 KiB of three-byte characters', filled(64 * KIB, '漢', 2)],
  ['64 KiB of ends of a paste', '\u001b[201~\r'.repeat(9_362).slice(0, 64 * KIB)],
  ['64 KiB of NUL', '\0'.repeat(64 * KIB)],
  ['64 KiB of eight-bit controls', '\u009b'.repeat(32 * KIB)],
]
