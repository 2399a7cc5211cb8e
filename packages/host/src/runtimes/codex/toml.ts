/** Values for codex's `-c key=value`, whose value is TOML. No shell sees them. */

/** A basic string: TOML's escapes are JSON's, but for the delete character, which TOML wants escaped too. */
export const tomlString = (text: string): string => JSON.stringify(text.toWellFormed()).replaceAll('\u007f', '\\u007f')

/** One `-c`. `key` is a dotted path of plain words; text is quoted, the rest is the same in TOML. */
export const override = (key: string, value: string | boolean): string[] => [
  '-c',
  `${key}=${typeof value === 'string' ? tomlString(value) : value}`,
]
