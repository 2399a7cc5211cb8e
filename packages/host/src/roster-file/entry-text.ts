/** Keys and values of an agent as YAML text, in the style of the file around them. */

import { stringify } from 'yaml'

/** How the file writes its keys and strings. */
export interface EntryStyle {
  /** `modelHint` rather than `model_hint`. */
  camel: boolean
  /** Everything in double quotes, as in JSON. */
  json: boolean
  /** Quote of strings, where the value that is replaced had one. */
  quote?: 'single' | 'double' | undefined
}

const toCamel = (key: string): string => key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

export function keyText(key: string, style: EntryStyle): string {
  const spelled = style.camel ? toCamel(key) : key
  return style.json ? JSON.stringify(spelled) : spelled
}

function stringText(value: string, style: EntryStyle): string {
  if (style.json || style.quote === 'double') return JSON.stringify(value)
  // Written as an item of a flow sequence, so that it is good in any context.
  const text = stringify([value], {
    collectionStyle: 'flow',
    flowCollectionPadding: false,
    lineWidth: 0,
    ...(style.quote === 'single' ? { defaultStringType: 'QUOTE_SINGLE' as const } : {}),
  })
  return text.trimEnd().slice(1, -1)
}

/** A string, boolean, number, or list of them, on one line. */
export function valueText(value: unknown, style: EntryStyle): string {
  if (Array.isArray(value)) return `[${value.map((item) => valueText(item, style)).join(', ')}]`
  return typeof value === 'string' ? stringText(value, style) : String(value)
}

const pairs = (entry: Readonly<Record<string, unknown>>): [string, unknown][] =>
  Object.entries(entry).filter(([, value]) => value !== undefined && value !== null)

export const pairText = (key: string, value: unknown, style: EntryStyle): string => `${keyText(key, style)}: ${valueText(value, style)}`

/** `{name: coder0, runtime: stub}` */
export function flowEntry(entry: Readonly<Record<string, unknown>>, style: EntryStyle, padding = ''): string {
  return `{${padding}${pairs(entry)
    .map(([key, value]) => pairText(key, value, style))
    .join(', ')}${padding}}`
}

/** One line per key, the first behind a dash. `gap` is the text from the dash to the first key. */
export function blockEntry(entry: Readonly<Record<string, unknown>>, style: EntryStyle, indent: string, gap = ' '): string[] {
  return pairs(entry).map(
    ([key, value], index) => `${indent}${index === 0 ? `-${gap}` : ` ${' '.repeat(gap.length)}`}${pairText(key, value, style)}`,
  )
}
