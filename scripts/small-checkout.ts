/** For tests: a checkout with our scripts and next to no product, in a directory of its own. */

import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { BUNDLES } from './bundles.ts'

const ROOT = join(import.meta.dirname, '..')
const COPIED = ['mosaic', 'test', 'scripts', 'package.json', 'pnpm-lock.yaml', 'tsconfig.json', 'biome.json', 'vitest.config.ts']

/** Prints what it was called with and where; `cat` copies its input. `late` is a part of its own. */
const CLI = `import { words } from './words.ts'

if (process.argv[2] === 'cat') process.stdin.pipe(process.stdout)
else console.log((await import('./late.ts')).late(words()))
`
const LATE = `import { words } from './words.ts'

export const late = (args: string[]): string => JSON.stringify({ args: words().slice(0, args.length), cwd: process.cwd() })
`
/** Used by both, as most of a program is. */
const WORDS = 'export const words = (): string[] => process.argv.slice(2)\n'

/** Neither our tests nor what is generated from the product. */
const belongs = (path: string): boolean => !path.endsWith('.test.ts') && !path.includes('/scripts/generate/')

/** Tools of the system that the scripts use, besides the shell's own. */
const TOOLS = ['sh', 'env', 'cat', 'find', 'flock', 'id', 'ln', 'mkdir', 'mv', 'readlink', 'rm', 'sed', 'sleep', 'touch']

export interface SmallCheckout extends Disposable {
  /** Has a space in its path. */
  root: string
  /** A PATH of one directory: Node and the tools that the scripts use, without npx, tmux and apt-get. */
  bin: string
  write(path: string, text: string): void
  /** Puts a shell program on the PATH, in place of what had its name. */
  program(name: string, text: string): void
  /** What pnpm would do: the packages of the real checkout. */
  linkModules(): void
}

function toolPath(name: string): string {
  const directory = ['/bin', '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'].find((each) => readdirSync(each).includes(name))
  if (directory === undefined) throw new Error(`this machine has no ${name}`)
  return join(directory, name)
}

export function smallCheckout(): SmallCheckout {
  const base = mkdtempSync(join(tmpdir(), 'mosaic-checkout-'))
  const root = join(base, 'a checkout')
  const bin = join(base, 'bin')
  const write = (path: string, text: string, mode = 0o644) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text, { mode })
  }
  mkdirSync(bin)
  for (const path of COPIED) cpSync(join(ROOT, path), join(root, path), { recursive: true, filter: belongs })
  // Programs that call them, not links to them: nothing that is written here can reach the machine's own.
  const program = (name: string, text: string) => {
    rmSync(join(bin, name), { force: true })
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755, flag: 'wx' })
  }
  for (const name of TOOLS) program(name, `exec ${toolPath(name)} "$@"`)
  program('node', `exec '${process.execPath}' "$@"`)
  for (const { source } of BUNDLES) write(source, `console.log('a program')\n`)
  write('apps/cli/src/main.ts', CLI)
  write('apps/cli/src/late.ts', LATE)
  write('apps/cli/src/words.ts', WORDS)
  write('.git/HEAD', 'ref: refs/heads/main\n')
  return {
    root,
    bin,
    write,
    program,
    linkModules: () => {
      mkdirSync(join(root, 'node_modules'), { recursive: true })
      for (const name of readdirSync(join(ROOT, 'node_modules'))) {
        if (name === '.bin' || !name.startsWith('.')) symlinkSync(join(ROOT, 'node_modules', name), join(root, 'node_modules', name))
      }
    },
    [Symbol.dispose]: () => rmSync(base, { recursive: true, force: true }),
  }
}
