/** Judges a document by a published JSON Schema. Knows the keywords that are in use; any other one is an error, not a pass. */

type Schema = Readonly<Record<string, unknown>>

const IGNORED = new Set(['$schema', 'title', 'description'])

type Judge = (wanted: unknown, value: unknown, where: string, schema: Schema) => string[]

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}

const isOfType = (value: unknown, type: unknown): boolean => typeOf(value) === type || (type === 'number' && typeOf(value) === 'integer')

const additional: Judge = (wanted, value, where, schema) => {
  if (!isObject(value)) return []
  const known = Object.keys((schema['properties'] as object | undefined) ?? {})
  const others = Object.entries(value).filter(([key]) => !known.includes(key))
  if (wanted === false) return others.map(([key]) => `${where}.${key}: not in the schema`)
  return wanted === true ? [] : others.flatMap(([key, item]) => violations(wanted as Schema, item, `${where}.${key}`))
}

const KEYWORDS: Readonly<Record<string, Judge>> = {
  type: (wanted, value, where) =>
    [wanted].flat().some((type) => isOfType(value, type)) ? [] : [`${where}: ${typeOf(value)}, expected ${[wanted].flat().join(' or ')}`],
  enum: (wanted, value, where) =>
    (wanted as unknown[]).includes(value) ? [] : [`${where}: ${JSON.stringify(value)} is none of ${wanted}`],
  const: (wanted, value, where) => (wanted === value ? [] : [`${where}: expected ${JSON.stringify(wanted)}`]),
  minimum: (wanted, value, where) => (typeof value === 'number' && value < Number(wanted) ? [`${where}: below ${wanted}`] : []),
  maximum: (wanted, value, where) => (typeof value === 'number' && value > Number(wanted) ? [`${where}: above ${wanted}`] : []),
  pattern: (wanted, value, where) =>
    typeof value === 'string' && !new RegExp(String(wanted), 'u').test(value) ? [`${where}: does not match ${wanted}`] : [],
  required: (wanted, value, where) =>
    isObject(value) ? (wanted as string[]).filter((key) => !Object.hasOwn(value, key)).map((key) => `${where}.${key}: missing`) : [],
  properties: (wanted, value, where) =>
    isObject(value)
      ? Object.entries(wanted as Record<string, Schema>).flatMap(([key, schema]) =>
          Object.hasOwn(value, key) ? violations(schema, value[key], `${where}.${key}`) : [],
        )
      : [],
  additionalProperties: additional,
  propertyNames: (wanted, value, where) =>
    isObject(value) ? Object.keys(value).flatMap((key) => violations(wanted as Schema, key, `${where}, key ${key}`)) : [],
  items: (wanted, value, where) =>
    Array.isArray(value) ? value.flatMap((item, index) => violations(wanted as Schema, item, `${where}[${index}]`)) : [],
  anyOf: (wanted, value, where) => {
    const attempts = (wanted as Schema[]).map((schema) => violations(schema, value, where))
    return attempts.some((found) => found.length === 0) ? [] : attempts.flat()
  },
}

/** What of `value` the schema does not allow, each with its place. @throws Error for a keyword that is not known here */
export function violations(schema: Schema, value: unknown, where = '$'): string[] {
  return Object.entries(schema).flatMap(([keyword, wanted]) => {
    if (IGNORED.has(keyword)) return []
    const judge = KEYWORDS[keyword]
    if (judge === undefined) throw new Error(`the schema at ${where} has the keyword ${keyword}, which is not judged here`)
    return judge(wanted, value, where, schema)
  })
}
