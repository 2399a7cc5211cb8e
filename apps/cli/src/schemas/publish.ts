/** The schemas as JSON Schema documents. */

import { closest } from '@mosaic/domain/closest'
import { FleetError } from '@mosaic/domain/error'
import { z } from 'zod'
import { ErrorAnswerSchema } from './shared.ts'
import { verbSchemas } from './verb-schemas.ts'

const documentOf = (title: string, schema: z.ZodType): Record<string, unknown> => {
  const { $schema, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12' }) as Record<string, unknown>
  return { $schema, title, ...rest }
}

/** By verb, and `error` for what stands on stdout when one fails. */
export function publishedSchemas(): Map<string, Record<string, unknown>> {
  const verbs = Object.entries(verbSchemas).map(([verb, schema]) => [verb, documentOf(`mosaic ${verb} --json`, schema)] as const)
  return new Map([...verbs, ['error', documentOf('A failed verb with --json', ErrorAnswerSchema)]])
}

/** @throws FleetError `not_found` with the verb that was probably meant */
export function publishedSchema(verb: string): Record<string, unknown> {
  if (verb === 'error') return documentOf('A failed verb with --json', ErrorAnswerSchema)
  const schema = Object.hasOwn(verbSchemas, verb) ? verbSchemas[verb] : undefined
  if (schema !== undefined) return documentOf(`mosaic ${verb} --json`, schema)
  const near = closest(verb, Object.keys(verbSchemas))
  throw new FleetError('not_found', `no verb ${JSON.stringify(verb.slice(0, 60))}`, {
    mend: near === undefined ? 'mosaic schema lists them' : `did you mean ${near}?`,
  })
}
