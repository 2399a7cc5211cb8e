/** The JSON Schema of every verb's `--json` answer. */

import { publishedSchemas } from '../../apps/cli/src/schemas/publish.ts'

/** Files from the root of the repository. */
export function generate(): { path: string; text: string }[] {
  return Array.from(publishedSchemas(), ([verb, schema]) => ({
    path: `docs/generated/schema/${verb.replaceAll(' ', '-')}.json`,
    text: `${JSON.stringify(schema, null, 2)}\n`,
  }))
}
