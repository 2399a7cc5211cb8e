/** `mosaic schema` */

import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { defineVerb, type Input } from '../verb.ts'

async function run(context: Context, { args }: Input<object>): Promise<number> {
  const { publishedSchema, publishedSchemas } = await import('../schemas/publish.ts')
  if (args.length === 0) {
    const all = publishedSchemas()
    context.answer(Object.fromEntries(all), `${[...all.keys()].join('\n')}\n`)
    return EXIT.done
  }
  const schema = publishedSchema(args.join(' '))
  context.answer(schema, `${JSON.stringify(schema, null, 2)}\n`, { verbatim: true })
  return EXIT.done
}

export const verb = defineVerb({
  declare: (command: Command) => {
    command
      .description(
        'Prints the JSON Schema of the --json answer of a verb; without one, lists the verbs that have one. "error" is what every verb ' +
          'answers when it fails.',
      )
      .argument('[verb...]', 'e.g. fleet ps')
  },
  examples: [
    { command: 'mosaic schema fleet ps', does: 'the schema of the table' },
    { command: 'mosaic schema --json', does: 'all of them, by verb' },
  ],
  run,
})
