/**
 * Builds `dist/`. Every file is replaced by a rename, a program after the parts that it imports, so that whoever starts
 * or runs meanwhile has one build, whole.
 *
 *   node scripts/build.ts [--allow-missing]
 *
 * `--allow-missing`: a bundle that cannot be built is left out with a warning, and `dist` does not count as built.
 */

import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { FileLock } from '@mosaic/host/files/lock'
import { type OutputOptions, rolldown } from 'rolldown'
import { BUNDLES, type Bundle } from './bundles.ts'
import { filesBelow, PARTS, replaceDist, STAGING, sweepStaging } from './dist-directory.ts'
import { leanCommander } from './lean-commander.ts'

const LOCK = '.lock'
/** A build takes a second; another one may be at it. */
const LOCK_WAIT_MS = 120_000

export interface BuildOptions {
  /** Directory with `apps/` and `packages/`, absolute. */
  root: string
  bundles?: readonly Bundle[]
  allowMissing?: boolean
  warn?: (text: string) => void
}

/**
 * What a program always loads is one file, which it reads at once. Its main module stays out: parts that are imported while
 * it awaits them would wait for it in turn.
 */
const startOf = (main: string): NonNullable<OutputOptions['codeSplitting']> => ({
  groups: [{ name: 'start', tags: ['$initial'], test: (id) => id !== main }],
})

const outputOf = (bundle: Bundle, main: string, dir: string): OutputOptions => ({
  dir,
  format: 'esm',
  entryFileNames: `${bundle.name}.mjs`,
  chunkFileNames: `${PARTS}/[name]-[hash].mjs`,
  hashCharacters: 'hex',
  codeSplitting: bundle.split && startOf(main),
  sourcemap: true,
  comments: { legal: true, annotation: false, jsdoc: false },
  // Names stay, so that a stack trace can be read without the map.
  minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
})

async function bundleInto(staging: string, root: string, bundle: Bundle): Promise<void> {
  const main = join(root, bundle.source)
  const build = await rolldown({
    cwd: root,
    input: { [bundle.name]: main },
    platform: 'node',
    tsconfig: join(root, 'tsconfig.json'),
    transform: { target: 'node24' },
    plugins: [leanCommander],
    onLog: (level, log, handle) => {
      // A module that cannot be found would be left as an import that fails in life.
      if (log.code === 'UNRESOLVED_IMPORT') throw new Error(log.message)
      handle(level, log)
    },
  })
  try {
    await build.write(outputOf(bundle, main, staging))
  } finally {
    await build.close()
  }
}

/** Why each bundle that could not be built could not. */
async function bundleAll(staging: string, root: string, bundles: readonly Bundle[]): Promise<string[]> {
  const attempts = bundles.map(async (bundle) => {
    try {
      if (!existsSync(join(root, bundle.source))) throw new Error(`no ${bundle.source}`)
      await bundleInto(staging, root, bundle)
      return undefined
    } catch (error) {
      return `${bundle.name}: ${error instanceof Error ? error.message : String(error)}`
    }
  })
  return (await Promise.all(attempts)).filter((failure) => failure !== undefined)
}

/** Content that programs read at run time: every directory of the framework package that is not code. */
function copyFramework(root: string, staging: string): void {
  const from = join(root, 'packages', 'framework')
  if (!existsSync(from)) return
  for (const path of filesBelow(from)) {
    const top = path.split('/')[0] ?? ''
    if (top === path || top === 'src' || top === 'node_modules') continue
    const to = join(staging, 'framework', path)
    mkdirSync(dirname(to), { recursive: true })
    copyFileSync(join(from, path), to)
  }
}

/**
 * Builds everything into `<root>/dist`; a second build waits for the first.
 * @throws Error for a missing source, a fault in one, or an import that nothing resolves; then `dist` is as it was
 */
export async function buildAll(options: BuildOptions): Promise<void> {
  const { root, bundles = BUNDLES, allowMissing = false, warn = () => {} } = options
  const dist = join(root, 'dist')
  mkdirSync(dist, { recursive: true })
  using _lock = await FileLock.acquire(join(dist, LOCK), LOCK_WAIT_MS, dist)
  sweepStaging(dist)
  const startMs = Date.now()
  const staging = mkdtempSync(join(dist, STAGING))
  try {
    const failures = await bundleAll(staging, root, bundles)
    if (failures.length > 0 && !allowMissing) throw new Error(failures.join('\n'))
    for (const failure of failures) warn(`left out: ${failure}`)
    copyFramework(root, staging)
    mkdirSync(join(staging, 'bin'))
    copyFileSync(join(import.meta.dirname, 'pane-mosaic.sh'), join(staging, 'bin', 'mosaic'))
    chmodSync(join(staging, 'bin', 'mosaic'), 0o755)
    replaceDist(staging, dist, startMs, failures.length === 0)
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  const unknown = process.argv.slice(2).filter((argument) => argument !== '--allow-missing')
  if (unknown.length > 0) throw new Error(`unknown argument ${unknown.join(' ')}; usage: node scripts/build.ts [--allow-missing]`)
  await buildAll({
    root: join(import.meta.dirname, '..'),
    allowMissing: process.argv.includes('--allow-missing'),
    warn: (text) => console.error(`build: ${text}`),
  })
}
