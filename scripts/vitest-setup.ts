/** Builds the bundles once before a run, for the tests that start real programs. */

import { join } from 'node:path'
import { buildAll } from './build.ts'

/** A bundler's report of one fault is long, and tells most at its start. */
const WARNING_CHARS = 2000

export async function setup(): Promise<void> {
  const root = join(import.meta.dirname, '..')
  // Tests that start no program have something to say whatever became of the build; `./test` counts a failed build by itself.
  await buildAll({ root, allowMissing: true, warn: (text) => console.error(`build: ${text.slice(0, WARNING_CHARS)}`) })
}
