/** Commands as a user runs them, and how long they take. */

import { spawn } from 'node:child_process'
import { programPath } from '@mosaic/host/programs'

export const NODE = process.execPath
/** As the product's own scripts call it. */
export const MOSAIC = [NODE, '--disable-warning=ExperimentalWarning', programPath('mosaic')] as const
/** The least that any program of Node costs. */
export const BARE_NODE = [NODE, '-e', '0'] as const

export interface Ran {
  status: number | null
  output: string
  /** From the call to the end of its output. */
  ms: number
}

/** Runs `argv` to its end. */
export async function run(argv: readonly string[], env: Readonly<Record<string, string>>): Promise<Ran> {
  const [program = '', ...args] = argv
  const startMs = performance.now()
  const child = spawn(program, args, { env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { status, output: Buffer.concat(chunks).toString('utf8'), ms: performance.now() - startMs }
}

/** How long a command takes that must succeed, milliseconds. */
export async function timed(argv: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  const { status, output, ms } = await run(argv, env)
  if (status !== 0) throw new Error(`${argv.join(' ')}: exit ${status}\n${output}`)
  return ms
}
