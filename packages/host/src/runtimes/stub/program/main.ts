/** Entry of the stub runtime. In a fleet it is launched with the fleet's variables; without them it is a plain demonstration. */

import { ReadStream, WriteStream } from 'node:tty'
import { armFault } from '../../../mailbox/fault-point.ts'
import { stubSettings } from './settings.ts'
import { StubProgram } from './stub-program.ts'

const USAGE = `The stub runtime of Mosaic Fleet: an interactive terminal program that answers every message with what it got.

It needs a terminal. Start it in a fleet with "mosaic fleet up", or alone for a look: node stub-runtime.mjs
`

const { stdin, stdout } = process
if (process.argv.includes('--help')) {
  stdout.write(USAGE)
} else if (!(stdin instanceof ReadStream && stdout instanceof WriteStream)) {
  process.stderr.write(USAGE)
  process.exitCode = 2
} else {
  armFault(process.env['MOSAIC_FAULT'])
  const program = new StubProgram({
    terminal: { input: stdin, output: stdout, colour: !process.env['NO_COLOR'] },
    settings: stubSettings(process.env),
    exit: (status) => process.exit(status),
  })
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.on(signal, () => program.quit())
  await program.run()
}
