/** Any value checked against the roster schema, with every fault in words that an operator can act on. */

import type { z } from 'zod'
import { closest } from './closest.ts'
import { displaySafe } from './display.ts'
import { type Roster, type RosterIssue, RosterSchema, RUNTIME_IDS, snakeKeys } from './roster.ts'

export type RosterCheck = { ok: true; roster: Roster } | { ok: false; issues: RosterIssue[] }
export type DocumentCheck<Value> = { ok: true; value: Value } | { ok: false; issues: RosterIssue[] }

type Path = (string | number)[]
type SchemaIssue = NonNullable<ReturnType<typeof RosterSchema.safeParse>['error']>['issues'][number]
type ErrorMap = NonNullable<Exclude<Parameters<typeof RosterSchema.safeParse>[1], undefined>['error']>
type RawIssue = Parameters<ErrorMap>[0]

/** Most issues reported at once: a reader mends the first and asks again. */
export const MAX_ROSTER_ISSUES = 50
const MAX_SHOWN = 60

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping of keys to values',
  record: 'a mapping of keys to values',
}

/** A value in a few safe characters. */
export function shownValue(value: unknown): string {
  if (value === null) return 'nothing'
  if (typeof value === 'string') {
    const cut = value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN).toWellFormed()}…` : value
    return `"${displaySafe(cut)}"`
  }
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`
  if (typeof value === 'object') return 'a mapping'
  return String(value).slice(0, MAX_SHOWN)
}

const bound = (issue: { origin: string; inclusive?: boolean | undefined }, limit: number | bigint, small: boolean): string => {
  const unit = issue.origin === 'string' ? ' characters' : issue.origin === 'array' ? (limit === 1 ? ' item' : ' items') : ''
  if (issue.origin === 'number' && issue.inclusive === false) return `a number ${small ? 'above' : 'below'} ${limit}`
  return `at ${small ? 'least' : 'most'} ${limit}${unit}`
}

/** What was expected, for issues whose schema says nothing better. */
function expectedOf(issue: RawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPE_WORDS[issue.expected] ?? `${issue.expected}`
    case 'invalid_value':
      return issue.values.length === 1 ? String(issue.values[0]) : `one of ${issue.values.map(String).join(', ')}`
    case 'too_small':
      return bound(issue, issue.minimum, true)
    case 'too_big':
      return bound(issue, issue.maximum, false)
    case 'invalid_key':
      return issue.issues[0]?.message ?? 'another key'
    case 'invalid_format':
      return `text of the form ${issue.format}`
    default:
      return 'another value'
  }
}

type SchemaNode = { properties?: Record<string, SchemaNode>; items?: SchemaNode; additionalProperties?: SchemaNode | boolean } & {
  propertyNames?: { enum?: string[] }
}
const published = new WeakMap<z.ZodType, SchemaNode>()

/** Keys that the schema knows at `path`. */
function knownKeys(schema: z.ZodType, path: Path): string[] {
  let node: SchemaNode | undefined = published.get(schema) ?? (schema.toJSONSchema() as SchemaNode)
  published.set(schema, node)
  for (const step of path) {
    if (node === undefined) return []
    if (typeof step === 'number') node = node.items
    else if (node.properties !== undefined && Object.hasOwn(node.properties, step)) node = node.properties[step]
    else node = typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined
  }
  return node?.propertyNames?.enum ?? Object.keys(node?.properties ?? {})
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value
  for (const step of path) {
    if (at === null || typeof at !== 'object' || !Object.hasOwn(at, step)) return undefined
    at = (at as Record<string | number, unknown>)[step]
  }
  return at
}

const meant = (word: string | undefined): string | undefined => (word === undefined ? undefined : `did you mean ${word}?`)

/** The edit that most likely mends a wrong value. */
function mendOf(issue: SchemaIssue, found: unknown, path: Path): string | undefined {
  if (found === undefined) {
    if (issue.code === 'custom') return undefined
    const only = issue.code === 'invalid_value' && issue.values.length === 1 ? ` ${String(issue.values[0])}` : ' ...'
    return `add ${String(path.at(-1))}:${only}`
  }
  if (found === null) return 'give it a value, or leave the key out'
  if (issue.code === 'invalid_value' && typeof found === 'string') return meant(closest(found, issue.values.map(String)))
  if (issue.code === 'invalid_type' && issue.expected === 'string' && (typeof found === 'number' || typeof found === 'boolean')) {
    return `put it in quotes: "${found}"`
  }
  return undefined
}

const withMend = (issue: Omit<RosterIssue, 'mend'>, mend: string | undefined): RosterIssue =>
  mend === undefined ? issue : { ...issue, mend }

function unknownKeys(schema: z.ZodType, path: Path, keys: readonly string[]): RosterIssue[] {
  const known = knownKeys(schema, path)
  return keys.map((key) =>
    withMend(
      { path: [...path, key], at: 'key', found: shownValue(key), expected: `one of ${known.join(', ')}` },
      meant(closest(key, known)) ?? 'remove this key',
    ),
  )
}

function inWords(schema: z.ZodType, value: unknown, issue: SchemaIssue): RosterIssue[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)))
  if (issue.code === 'unrecognized_keys') return unknownKeys(schema, path, issue.keys.slice(0, MAX_ROSTER_ISSUES))
  if (issue.code === 'invalid_key') return [{ path, at: 'key', found: shownValue(path.at(-1)), expected: issue.message }]
  const found = valueAt(value, path)
  // A rule over a whole entry misses something in it; the entry itself is not what is wrong.
  const missing = found === undefined || (issue.code === 'custom' && typeof found === 'object' && found !== null)
  return [withMend({ path, expected: issue.message, ...(missing ? {} : { found: shownValue(found) }) }, mendOf(issue, found, path))]
}

/** What `schema` says of `value`, keys in either spelling: a value of it, or at most `MAX_ROSTER_ISSUES` of what is wrong. */
export function checkDocument<Schema extends z.ZodType>(schema: Schema, value: unknown): DocumentCheck<z.infer<Schema>> {
  const issues: RosterIssue[] = []
  const snake = snakeKeys(value, [], issues)
  const result = schema.safeParse(snake, { error: expectedOf })
  if (result.success && issues.length === 0) return { ok: true, value: result.data }
  for (const issue of result.error?.issues ?? []) {
    if (issues.length >= MAX_ROSTER_ISSUES) break
    issues.push(...inWords(schema, snake, issue))
  }
  return { ok: false, issues: issues.slice(0, MAX_ROSTER_ISSUES) }
}

/** Runtimes that are named and neither built in nor described; looked for in any value, so that they are told with all other faults. */
function unknownRuntimes(value: unknown): RosterIssue[] {
  const described = valueAt(value, ['runtimes'])
  const known = [...RUNTIME_IDS, ...(typeof described === 'object' && described !== null ? Object.keys(described) : [])]
  const agents = valueAt(value, ['agents'])
  const paths: Path[] = [
    ['defaults', 'runtime'],
    ...(Array.isArray(agents) ? agents.map((_, index): Path => ['agents', index, 'runtime']) : []),
  ]
  return paths.flatMap((path) => {
    const runtime = valueAt(value, path)
    if (typeof runtime !== 'string' || known.includes(runtime)) return []
    const expected = `one of ${known.join(', ')}, or one that is described in runtimes`
    return [withMend({ path, found: shownValue(runtime), expected }, meant(closest(runtime, known)))]
  })
}

export function checkRoster(value: unknown): RosterCheck {
  const check = checkDocument(RosterSchema, value)
  const unknown = unknownRuntimes(snakeKeys(value))
  if (check.ok && unknown.length === 0) return { ok: true, roster: check.value }
  const issues = check.ok ? [] : check.issues
  const isTold = ({ path }: RosterIssue) => issues.some((issue) => issue.path.join('.') === path.join('.'))
  return { ok: false, issues: [...issues, ...unknown.filter((issue) => !isTold(issue))].slice(0, MAX_ROSTER_ISSUES) }
}
