/** The published JSON Schema of the roster, from the schema that validates it. */

import { RosterSchema } from '@mosaic/domain/roster'

export function generate(): { path: string; text: string }[] {
  const { $schema, ...schema } = RosterSchema.toJSONSchema({ target: 'draft-2020-12', io: 'input' })
  const published = { $schema, $id: 'urn:mosaic-fleet:schema:roster:1', title: 'Mosaic Fleet roster, version 1', ...schema }
  return [{ path: 'docs/generated/roster.schema.json', text: `${JSON.stringify(published, null, 2)}\n` }]
}
