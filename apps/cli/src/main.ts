/** The process around the command line: words, streams and signals in, an exit status out. Nothing else ends the process. */

import { type Ending, runCli } from './cli.ts'
import type { World } from './world.ts'

const ending = new AbortController()
const end = (reason: Ending): void => {
  // Whoever asks twice does not want to wait.
  if (ending.signal.aborted) process.exit(reason.status)
  ending.abort(reason)
}
process.on('SIGINT', () => end({ because: 'interrupt', status: 130 }))
process.on('SIGTERM', () => end({ because: 'interrupt', status: 143 }))
process.on('SIGHUP', () => end({ because: 'interrupt', status: 129 }))
/** Why the answer could not be written, when it could not. */
let lost: string | undefined
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  // A reader that has seen enough is no error: `mosaic fleet ps | head -1`.
  if (code !== 'EPIPE') lost = code ?? 'unknown'
  if (!ending.signal.aborted) ending.abort({ because: 'closed', status: lost === undefined ? 0 : 1 } satisfies Ending)
})
// Nowhere is left to tell it.
process.stderr.on('error', () => {})

const world: World = {
  argv: process.argv.slice(2),
  env: process.env,
  // Opened only by the verb that reads it.
  get stdin() {
    return process.stdin
  },
  stdout: process.stdout,
  stderr: process.stderr,
  ending: ending.signal,
}
function finish(status: number): void {
  if (lost === undefined) process.exit(status)
  process.stderr.write(`mosaic: the answer could not be written: ${lost}\n`, () => process.exit(status === 0 ? 1 : status))
}
// No await at the top: parts of the bundle that are imported late may import this one.
void runCli(world).then((status) => {
  // Exits once the last byte is with the kernel, also where stdout is a slow pipe. The event of a failed write comes after its callback.
  process.stdout.write('', (error) => (error == null ? finish(status) : setImmediate(() => finish(status))))
})
