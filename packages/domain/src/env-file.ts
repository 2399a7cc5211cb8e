/**
 * Environment files in the syntax of systemd's `EnvironmentFile=`. The encoder writes what the decoder and systemd
 * both read back byte for byte, and refuses the rest.
 */

import { FleetError } from './error.ts'

const KEY = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * `NAME=` for an empty value, else a double-quoted one, keys sorted.
 * @throws FleetError `invalid` for a bad name, a NUL, or a control character other than newline and tab.
 */
export function encodeEnvFile(environment: Readonly<Record<string, string>>): string {
  let out = ''
  for (const key of Object.keys(environment).sort()) {
    const value = environment[key] ?? ''
    if (!KEY.test(key)) throw new FleetError('invalid', `bad environment variable name ${JSON.stringify(key)}`)
    if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(value) || !value.isWellFormed()) {
      throw new FleetError('invalid', `the value of ${key} holds a control character`, { mend: 'remove it, or pass the value in a file' })
    }
    out += value === '' ? `${key}=\n` : `${key}="${value.replace(/[\\"$`]/g, '\\$&')}"\n`
  }
  return out
}

/** Inverse of `encodeEnvFile`; also reads plain `NAME=value` lines and comments. */
export function decodeEnvFile(text: string): Record<string, string> {
  const out: Record<string, string> = Object.create(null)
  let at = 0
  while (at < text.length) {
    const end = text.indexOf('\n', at)
    const lineEnd = end === -1 ? text.length : end
    const equals = text.indexOf('=', at)
    const first = text[at]
    if (first === '#' || first === ';' || equals === -1 || equals >= lineEnd) {
      at = lineEnd + 1
      continue
    }
    const key = text.slice(at, equals).trim()
    if (text[equals + 1] !== '"') {
      if (KEY.test(key)) out[key] = text.slice(equals + 1, lineEnd).trim()
      at = lineEnd + 1
      continue
    }
    let value = ''
    at = equals + 2
    while (at < text.length && text[at] !== '"') {
      if (text[at] === '\\' && /[\\"$`]/.test(text[at + 1] ?? '')) at += 1
      value += text[at] ?? ''
      at += 1
    }
    if (KEY.test(key)) out[key] = value
    const next = text.indexOf('\n', at)
    at = next === -1 ? text.length : next + 1
  }
  return out
}
