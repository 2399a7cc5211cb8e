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

function main(envFile: string): never {
  const environment = decodeEnvFile(readFileSync(envFile, 'utf8'))
  const { argv, cwd } = JSON.parse(environment[LAUNCH_VARIABLE] ?? '') as LaunchLine
  delete environment[LAUNCH_VARIABLE]
  process.chdir(cwd)
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
