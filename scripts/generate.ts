/**
 * Writes every generated file of the repository; `--check` writes nothing and fails when one is not current.
 * A generator is a file `scripts/generate/<name>.ts` that exports `generate`.
 */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

interface GeneratedFile {
  /** Relative to the repository. */
  path: string
  text: string
}

const root = join(import.meta.dirname, '..')
const generators = join(import.meta.dirname, 'generate')

function current(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

const check = process.argv.includes('--check')
let stale = 0
for (const name of readdirSync(generators).sort()) {
  if (!name.endsWith('.ts') || name.endsWith('.test.ts')) continue
  const { generate } = (await import(join(generators, name))) as { generate(): GeneratedFile[] | Promise<GeneratedFile[]> }
  for (const { path, text } of await generate()) {
    const target = join(root, path)
    if (current(target) === text) continue
    stale += 1
    if (check) {
      console.error(`${relative(root, target)} is not what ${name} makes; run: pnpm generate`)
      continue
    }
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, text)
    console.log(`wrote ${relative(root, target)}`)
  }
}
if (check && stale > 0) process.exit(1)
