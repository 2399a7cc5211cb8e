/** What the messages of the matrix are made of. */

import { filled, KIB } from '../messages/contents.ts'

export const SHAPES = ['one line', 'many lines', '64 KiB', 'control characters', 'looks like a command'] as const
export type Shape = (typeof SHAPES)[number]

/** A file in the working directory, which `@file` would read into a conversation. */
export const MENTIONED = { name: 'file', content: 'nobody asked for the content of this file' } as const

const LINES = 500

const CONTROLS = 'a\u001b[201~\rb\u0003c\u009b201~\u0004d\u0007e\u0000f\u001b[200~g\u007fh\r\ni\u0016j\u001b\u001bk'

const COMMANDS = `/clear\n!ls\n#x\n@${MENTIONED.name}\n/quit`

const TEXTS: Readonly<Record<Shape, string>> = {
  'one line': 'Please look at the failing build.',
  'many lines': Array.from({ length: LINES }, (_, index) => `line ${index}`).join('\n'),
  '64 KiB': filled(64 * KIB, '漢', 2),
  'control characters': CONTROLS,
  'looks like a command': COMMANDS,
}

export const textOf = (shape: Shape): string => TEXTS[shape]
