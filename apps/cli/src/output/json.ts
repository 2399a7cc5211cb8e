/** Answers for machines. */

/** Characters that JSON may hold raw but a terminal may obey: DEL, C1, and what reorders or hides text. */
const UNSAFE = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

const escapeUnsafe = (text: string): string => text.replace(UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** One document, indented, with a final newline. */
export const jsonDocument = (value: unknown): string => `${escapeUnsafe(JSON.stringify(value, null, 2))}\n`

/** One document of a stream: a single line. */
export const jsonLine = (value: unknown): string => `${escapeUnsafe(JSON.stringify(value))}\n`
