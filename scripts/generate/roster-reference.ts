/** The reference part of docs/roster.md, from the schema that validates the roster. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { NOT_IN_FORCE } from '@mosaic/domain/not-in-force'
import { RosterSchema } from '@mosaic/domain/roster'

interface Node {
  type?: string
  const?: unknown
  enum?: string[]
  description?: string
  properties?: Record<string, Node>
  required?: string[]
  additionalProperties?: Node | boolean
  propertyNames?: Node
  items?: Node
}

const PATH = 'docs/roster.md'
const REGION = /(<!-- reference: written by pnpm generate -->\n)[\s\S]*?(<!-- end of reference -->)/
const DEFAULT = /(?:^|[;.] )(?:[Dd]efaults to|[Aa]bsent means) ([^.]+(?:\.[a-z][^.]*)*)\.?/

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'number',
  integer: 'whole number',
  boolean: 'true or false',
  object: 'mapping',
}

function typeOf(node: Node): string {
  if (node.const !== undefined) return `\`${String(node.const)}\``
  if (node.enum !== undefined) return node.enum.map((value) => `\`${value}\``).join(', ')
  if (node.type === 'array') return `list of ${node.items?.type === 'object' ? 'mappings' : typeOf(node.items ?? {})}`
  return TYPES[node.type ?? ''] ?? 'value'
}

const cell = (text: string): string => text.replaceAll('|', '\\|')

const MARK = '**Not in force in this version.**'
/** By the key that a table belongs to. */
const marked = (table: string, key: string): boolean =>
  Object.entries(NOT_IN_FORCE).some(([at, keys]) => at === table && keys.includes(key))

function row(key: string, node: Node, options: { required: boolean; later: boolean }): string {
  const description = node.description ?? ''
  const fallback = DEFAULT.exec(description)
  const rest = fallback === null ? description : description.replace(fallback[0], fallback.index === 0 ? '' : '.')
  const byDefault = options.required ? 'required' : (fallback?.[1] ?? '')
  return `| \`${key}\` | ${cell(typeOf(node))} | ${cell(byDefault)} | ${cell(options.later ? `${rest.trim()} ${MARK}` : rest.trim())} |`
}

/** A table of a mapping's keys, and one for each mapping in it. */
function tables(title: string, node: Node, at = 'roster'): string[] {
  const properties = Object.entries(node.properties ?? {})
  const lines = [`### ${title}`, '', '| key | type | default | meaning |', '|---|---|---|---|']
  for (const [key, child] of properties) {
    lines.push(row(key, child, { required: node.required?.includes(key) ?? false, later: marked(at, key) }))
  }
  lines.push('')
  for (const [key, child] of properties) {
    const inner = child.items ?? (typeof child.additionalProperties === 'object' ? child.additionalProperties : child)
    if (Object.keys(inner.properties ?? {}).length === 0) continue
    const suffix =
      child.items !== undefined
        ? '[]'
        : inner === child
          ? ''
          : `.<${child.propertyNames?.enum === undefined ? 'key' : child.propertyNames.enum.join('|')}>`
    lines.push(...tables(`\`${key}${suffix}\``, inner, key))
  }
  return lines
}

export function generate(): { path: string; text: string }[] {
  const document = readFileSync(join(import.meta.dirname, '..', '..', PATH), 'utf8')
  if (!REGION.test(document)) throw new Error(`${PATH} has lost the comments between which its reference stands`)
  const reference = tables('The roster', RosterSchema.toJSONSchema({ io: 'input' }) as Node).join('\n')
  return [{ path: PATH, text: document.replace(REGION, (_, start: string, end: string) => `${start}\n${reference}\n${end}`) }]
}
