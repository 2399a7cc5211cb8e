/**
 * What a pane starts with: reads the agent's environment file and becomes the runtime, in the same process. Nothing of
 * the tmux server's own environment survives, and nothing of the agent's stands in an argument list.
 *
 * `node:process` is not imported: that alone opens stdin, and the runtime would find its terminal set to non-blocking.
 */

import { readFileSync } from 'node:fs'
import { decodeEnvFile } from '@mosaic/domain/env-file'
import { LAUNCH_VARIABLE, type LaunchLine } from './launch-line.ts'

/**
 * A constant: descriptor 9 is the FIFO whose end of file tells the supervisor of this process's death. The shell only
 * opens it and is replaced at once.
 */
const BECOME = 'exec 9<>"$MOSAIC_ALIVE"; exec "$@"'

/** Below this many bytes no kernel refuses an environment and arguments, and nothing has to be tried. */
const ALWAYS_FITS_BYTES = 96 * 1024

/** An `execve` that the kernel refuses ends this process with a core dump and no word: what is large is tried on another first. */
function assertFits(argv: readonly string[], environment: Readonly<Record<string, string>>): void {
  const sizes = Object.entries(environment).map(([key, value]): [string, number] => [key, Buffer.byteLength(value)])
  const bytes = [...argv.map((word) => Buffer.byteLength(word)), ...sizes.map(([, size]) => size)].reduce((sum, size) => sum + size, 0)
  if (bytes < ALWAYS_FITS_BYTES) return
  const { spawnSync } = process.getBuiltinModule('node:child_process')
  const { error } = spawnSync('/bin/sh', ['-c', ':', 'sh', ...argv], { env: environment, stdio: 'ignore' })
  if ((error as NodeJS.ErrnoException | undefined)?.code !== 'E2BIG') return
  const [key, size] = sizes.reduce((largest, one) => (one[1] > largest[1] ? one : largest), ['', 0])
  throw new Error(
    `its environment and arguments are more than this system takes: ${bytes} bytes, the largest variable is ${key} with ${size}`,
  )
}

function main(envFile: string): never {
  const environment = decodeEnvFile(readFileSync(envFile, 'utf8'))
  const { argv, cwd } = JSON.parse(environment[LAUNCH_VARIABLE] ?? '') as LaunchLine
  delete environment[LAUNCH_VARIABLE]
  process.chdir(cwd)
  assertFits(argv, environment)
  // Node ignores these, and what is ignored stays so in the runtime and all its children; what is caught does not.
  for (const signal of ['SIGPIPE', 'SIGXFSZ'] as const) process.on(signal, () => {})
  return process.execve?.('/bin/sh', ['sh', '-c', BECOME, 'sh', ...argv], environment) as never
}

const [envFile] = process.argv.slice(2)
if (envFile !== undefined) {
  try {
    main(envFile)
  } catch (error) {
    process.stderr.write(`mosaic: this agent cannot be launched: ${(error as Error).message}\n`)
    process.exit(127)
  }
}
