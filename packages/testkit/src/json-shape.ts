/** Strict reading of script files: a misspelt or misplaced key is refused with its place, never a silent default. */

import { FleetError } from '@mosaic/domain/error'

/** @throws FleetError `invalid` unless `value` is what it should be at `where` */
export type Check = (value: unknown, where: string) => void

export function refuse(where: string, expected: string): never {
  throw new FleetError('invalid', `${where}: expected ${expected}`, { where })
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const text: Check = (value, where) => {
  if (typeof value !== 'string') refuse(where, 'a text')
}

export const flag: Check = (value, where) => {
  if (typeof value !== 'boolean') refuse(where, 'true or false')
}

export const amount: Check = (value, where) => {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) refuse(where, 'a number of at least 0')
}

export const record: Check = (value, where) => {
  if (!isRecord(value)) refuse(where, 'an object')
}

export const texts: Check = (value, where) => {
  record(value, where)
  for (const [key, entry] of Object.entries(value as object)) text(entry, `${where}.${key}`)
}

export const oneOf =
  (values: readonly unknown[]): Check =>
  (value, where) => {
    if (!values.includes(value)) refuse(where, `one of ${values.join(', ')}`)
  }

export const listOf =
  (item: Check): Check =>
  (value, where) => {
    if (!Array.isArray(value)) refuse(where, 'a list')
    for (const [index, entry] of value.entries()) item(entry, `${where}[${index}]`)
  }

/** First check that does not refuse, else the refusal of the last. */
export const either =
  (first: Check, second: Check): Check =>
  (value, where) => {
    try {
      first(value, where)
    } catch {
      second(value, where)
    }
  }

export const shape =
  (fields: Readonly<Record<string, Check>>, required: readonly string[] = []): Check =>
  (value, where) => {
    if (!isRecord(value)) refuse(where, 'an object')
    for (const key of required) if (!(key in value)) refuse(`${where}.${key}`, 'a value')
    for (const [key, entry] of Object.entries(value)) {
      const check = Object.hasOwn(fields, key) ? fields[key] : undefined
      if (check === undefined) refuse(`${where}.${key}`, `one of the keys ${Object.keys(fields).join(', ')}`)
      check(entry, `${where}.${key}`)
    }
  }

/** An object with exactly one of the keys. */
export const oneKeyOf = (fields: Readonly<Record<string, Check>>): Check => {
  const any = shape(fields)
  return (value, where) => {
    any(value, where)
    if (Object.keys(value as object).length !== 1) refuse(where, `exactly one of the keys ${Object.keys(fields).join(', ')}`)
  }
}

/** @throws FleetError `invalid` */
export function parseChecked<T>(json: string, check: Check, what: string): T {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (error) {
    throw new FleetError('invalid', `${what} is no JSON: ${error instanceof Error ? error.message : error}`)
  }
  check(value, what)
  return value as T
}
